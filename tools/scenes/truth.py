"""What the demonstration's walker sees and when, computed from the scene: for each frame, points on each target are projected and looked at by rays."""

import csv
import math
from dataclasses import dataclass

import bpy
from mathutils import Vector

from . import stage

NEAR = 8.0
"""Metres within which a thing counts."""
SHARE = 0.2
"""Share of a target's points that must be in the picture and not hidden; less suffices close by."""
AHEAD = math.radians(16)
GAP_SECONDS, SHORTEST = 0.5, 0.5


@dataclass
class Target:
    """Something that may be told; `objects` may hide their own points."""
    what: str
    facet: str
    label: str
    points: list
    objects: list


def grid(xs, ys, z, count=5):
    """Points spread over a rectangle on the ground."""
    return [(xs[0] + (xs[1] - xs[0]) * i / (count - 1), ys[0] + (ys[1] - ys[0]) * j / (count - 1), z) for i in range(count) for j in range(count)]


def _look(scene, camera, target):
    """Bearing and distance in metres of each of `target`'s points that is in the picture and not hidden."""
    graph = bpy.context.evaluated_depsgraph_get()
    to_camera = camera.matrix_world.inverted()
    origin = camera.matrix_world.translation
    half_width = math.tan(stage.FIELD_OF_VIEW / 2)
    half_height = half_width * scene.render.resolution_y / scene.render.resolution_x
    own = {o.name for o in target.objects}
    for point in target.points:
        local, line = to_camera @ Vector(point), Vector(point) - origin
        if local.z > -0.2 or abs(local.x / local.z) > half_width or abs(local.y / local.z) > half_height:
            continue
        hit, _, _, _, blocker, _ = scene.ray_cast(graph, origin, line.normalized(), distance=line.length - 0.06)
        if not hit or blocker.name in own:
            yield math.atan2(local.x, -local.z), math.hypot(line.x, line.y)


def seen(scene, camera, target):
    """`ahead`, `left` or `right` where `target` is near and in view; otherwise None."""
    visible = list(_look(scene, camera, target))
    nearest = min((metres for _, metres in visible), default=math.inf)
    share = len(visible) / len(target.points)
    if nearest > NEAR or share < (SHARE if nearest > 3.5 else SHARE / 2):
        return None
    bearing = sum(angle for angle, _ in visible) / len(visible)
    return "ahead" if abs(bearing) <= AHEAD else "right" if bearing > 0 else "left"


def observe(scene, camera, walk, targets, surface, times):
    """Rows of (start, end, what, where, facet, class) for frames at `times`."""
    frame = times[1] - times[0]
    marks = {}

    def mark(t, *key):
        marks.setdefault(key, []).append(t)

    for t in times:
        pose = walk.pose(t)
        stage.aim(camera, pose)
        bpy.context.view_layer.update()
        told = {(target.what, where, target.facet, target.label) for target in targets if (where := seen(scene, camera, target))}
        for key in told:
            mark(t, *key)
        underfoot = surface(pose.x, pose.y)
        stepping = surface(pose.x + 1.2 * math.cos(pose.heading), pose.y + 1.2 * math.sin(pose.heading))
        if stepping == "paved sidewalk":
            mark(t, "paved sidewalk", "ahead", "surface", "paved sidewalk")
        stairs = any(key[3] == "steps up" and key[1] == "ahead" for key in told)
        mark(t, *(("stairs", "ahead", "place", "stairs") if stairs else ("residential street", "ahead", "place", "residential street")))
        if underfoot == "asphalt":
            mark(t, "street", "ahead", "place", "street")
    rows = []
    for key, moments in marks.items():
        rows += [(start, end + frame, *key) for start, end in _runs(moments) if end + frame - start >= SHORTEST]
    return sorted(rows)


def _runs(moments):
    runs = []
    for t in moments:
        if runs and t - runs[-1][1] <= GAP_SECONDS:
            runs[-1][1] = t
        else:
            runs.append([t, t])
    return runs


def write(path, rows):
    """A walk's truth.csv."""
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["start_s", "end_s", "what", "where", "facet", "class"])
        out.writerows([(f"{start:.1f}", f"{end:.1f}", *rest) for start, end, *rest in rows])
