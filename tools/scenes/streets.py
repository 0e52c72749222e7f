"""Random streets, to learn from: each from several places a walker may stand, with what is to be seen there, as shards of pairs.

None of them is the demonstration walk: widths, sides, houses, light and all that stands about are drawn anew for each street.
"""

import io
import json
import math
import os
import tarfile
from pathlib import Path
from random import Random

import bpy

from . import materials as m
from . import stage
from .buildings import Houses
from .greenery import hedge, tree
from .mesh import Shape
from .path import Pose
from .people import person
from .street import KERB, centre_line, pavement, road, steps_up, zebra
from .things import Cars, barrier, cone, crossing_sign, lamp_post, works
from .truth import Target, grid, in_picture, seen

NEAR, FAR = -12.0, 52.0
VIEWS = 8
"""Pictures of one street."""
BESIDE_STAIRS = 3.4
"""Metres on each side of the middle of stairs where no house stands."""
SOURCE = "rendered"
LICENCE = "CC0-1.0"


class Street:
    """One street; `targets` holds what may be told of it, by class."""

    def __init__(self, scene, random):
        self.random, self.targets = random, []
        draw = random.uniform
        self.half, self.right, self.left = draw(2.6, 4.6), draw(2.2, 5.5), draw(2.2, 5.5)
        stage.daylight(scene, math.radians(draw(18, 66)), draw(-math.pi, math.pi), sun=draw(2.0, 4.6), sky=draw(0.12, 0.22), exposure=draw(-0.5, 0.5))
        self.crossing = draw(4, 34) if random.random() < 0.6 else None
        self.gap = draw(14, 40) if random.random() < 0.6 else None
        self.cars, self.works = Cars(), None
        self._ground()
        self._houses()
        self._things()
        if random.random() < 0.7:
            self._works()
        self._people()

    def edge(self, side):
        """Where the pavement of `side` ends at the houses, as x."""
        return side * (self.half + (self.right if side > 0 else self.left))

    def middle(self, side):
        """The middle of the pavement of `side`, as x."""
        return side * (self.half + (self.right if side > 0 else self.left) / 2)

    def _ground(self):
        random, draw = self.random, self.random.uniform
        paint = m.road_paint(draw(0.2, 0.7))
        slabs = random.choice((m.paving, lambda: m.bricks((0.3, 0.13, 0.09)), lambda: m.mottled("tar", (0.09, 0.088, 0.085), 0.3, 30)))()
        kerb = m.stone_blocks()
        skip = (FAR, FAR) if self.crossing is None else (self.crossing - 3.5, self.crossing + 3.5)
        road(self.half, NEAR, FAR)
        if random.random() < 0.6:
            centre_line(NEAR, FAR, skip, paint)
        dropped = None if self.crossing is None else (self.crossing - 2.4, self.crossing + 2.4)
        for side, width in ((1, self.right), (-1, self.left)):
            pavement(side, self.half, width, NEAR, FAR, slabs, kerb, dropped)
        if self.crossing is not None:
            length = draw(2.6, 4.4)
            stripes = zebra(self.half, self.crossing, length, paint, draw(0.4, 0.6))
            reach = self.half - 0.4
            points = grid((-reach, reach), (self.crossing - length / 2 + 0.2, self.crossing + length / 2 - 0.2), 0.02)
            self.targets.append(Target("zebra crossing", "crossing", "zebra_crossing", points, [stripes]))
        if self.gap is not None:
            self._stairs(slabs)

    def _stairs(self, slabs):
        draw = self.random.uniform
        foot, count, width = self.edge(-1) - draw(0.6, 5.0), self.random.randint(5, 16), draw(2.4, 5.4)
        rise, tread = draw(0.15, 0.18), draw(0.28, 0.38)
        shade = draw(0.15, 0.4)
        stone = m.mottled("stone steps", (shade, shade * 0.95, shade * 0.85), draw(0.1, 0.35), 4)
        bright = shade * draw(1.0, 1.7)
        nosing = m.mottled("nosing", (bright, bright * 0.95, bright * 0.85), 0.2, 5)
        stairs = steps_up(foot, self.gap, count, width, rise, tread, stone, nosing, m.material("handrail", (0.35, 0.36, 0.37), 0.3, metal=0.9))
        treads = [(foot - k * tread, self.gap + y, KERB + (k + 0.5) * rise) for k in range(0, count, 2) for y in (-width / 3, 0.0, width / 3)]
        self.targets.append(Target("steps going up", "surface", "steps_up", treads, [stairs]))
        land, top, back = Shape("land"), KERB + count * rise, foot - count * tread
        land.box(((self.edge(-1) + back) / 2, self.gap, KERB / 2 - 0.1), (self.edge(-1) - back, width + 2.0, KERB + 0.2), slabs)
        land.box((back - 12, self.gap, top / 2), (24, 40, top - 0.01), stone)
        land.place()
        self.foot, self.stairs_width = foot, width

    def _houses(self):
        random = self.random
        houses = Houses(random)
        for side in (1, -1):
            y, front = NEAR, self.edge(side) + side * random.choice((0.0, 0.0, 1.5))
            while y < FAR:
                width = random.uniform(6.0, 10.0)
                if side < 0 and self.gap is not None and y < self.gap + BESIDE_STAIRS and y + width > self.gap - BESIDE_STAIRS:
                    y = self.gap + BESIDE_STAIRS
                    continue
                houses.house(side, front, y, width, random.choice((2, 2, 3)))
                y += width + random.choice((0.0, 0.0, 0.0, 2.0))
        far = houses.house(1, 0, -13, 26, 3)
        far.location, far.rotation_euler = (0, FAR + 4, 0), (0, 0, math.pi / 2)
        land = Shape("grass")
        land.box((0, 20, -0.15), (140, 140, 0.2), m.mottled("grass", (0.06, 0.12, 0.025), 0.5, 3))
        land.place()

    def _things(self):
        random = self.random
        leaf, bark = m.leaves((random.uniform(0.04, 0.1), random.uniform(0.1, 0.19), 0.025)), m.mottled("bark", (0.1, 0.075, 0.05), 0.4, 10)
        crown = tree(random, leaf, bark, random.uniform(5.5, 7.5))
        post, sign = lamp_post(1), crossing_sign()
        for side in (1, -1):
            kerb = side * (self.half + 0.7)
            for y in range(int(NEAR), int(FAR), 7):
                at = y + random.uniform(0, 5)
                if random.random() < 0.4 and self._is_off_crossing(at):
                    crown.place(kerb, at, KERB, random.uniform(0, 6.28), random.uniform(0.8, 1.15))
                if random.random() < 0.75 and self._is_off_crossing(at + 1.0, 6.0):
                    x = side * (self.half - 1.0) + random.uniform(-0.1, 0.1)
                    self._car(x, at + 1.0, side)
            post.place(side * (self.half + 0.4), random.uniform(NEAR, FAR), KERB)
            if self.crossing is not None and random.random() < 0.5:
                sign.place(side * (self.half + 0.45), self.crossing + side * 2.9, KERB)
        if random.random() < 0.5:
            hedge(random, leaf, 6.0).place(self.edge(1) + 0.4, random.uniform(0, 30), 0.1)

    def _is_off_crossing(self, y, metres=3.0):
        return self.crossing is None or abs(y - self.crossing) > metres

    def _car(self, x, y, side):
        car = self.cars.place(x, y, math.copysign(math.pi / 2, side), self.random.randrange(7))
        points = [(x + a, y + b, z) for a in (-0.85, 0.85) for b in (-1.9, 0.0, 1.9) for z in (0.5, 0.85)]
        self.targets.append(Target("parked vehicles", "traffic", "parked_vehicles", points, [car]))

    def _works(self):
        random = self.random
        side, y = random.choice((1, -1)), random.uniform(4, 34)
        width = abs(self.edge(side)) - self.half
        middle, made, front = self.middle(side), [], []
        if random.random() < 0.7:
            board = barrier(min(width - 0.4, random.uniform(1.6, 2.6)))
            made += [board.place(middle, y, KERB), board.place(middle, y + 3.2, KERB, math.pi)]
            front += [(middle + x, y - 0.03, KERB + z) for x in (-0.6, 0.0, 0.6) for z in (0.42, 0.93)]
        cones = cone()
        for k in range(random.randint(2, 8)):
            x, at = middle + random.uniform(-0.45, 0.45) * width, y - random.uniform(0.4, 1.2) + 0.9 * (k // 3)
            made.append(cones.place(x, at, KERB, random.uniform(0, 6.28)))
            front.append((x, at, KERB + 0.5))
        if random.random() < 0.6:
            works(min(2.0, width - 0.6), 2.6).place(middle, y + 0.4, KERB)
        self.works = (side, y)
        self.targets.append(Target("cones and barrier", "obstacle", "barrier_or_cones", front, made))

    def _people(self):
        random = self.random
        for _ in range(random.choice((0, 0, 2, 4, 6))):
            side, y = random.choice((1, -1)), random.uniform(NEAR + 4, FAR - 10)
            x = self.middle(side) + random.uniform(-0.6, 0.6)
            made = person(random, random.choice((0.0, 0.32))).place(x, y, KERB, random.choice((1, -1)) * math.pi / 2, random.uniform(0.92, 1.06))
            points = [(x, y, KERB + z) for z in (0.4, 0.9, 1.3, 1.6)]
            self.targets.append(Target("people", "people", "few", points, [made]))

    def stand(self):
        """A place to look from: before one of the targets that a walker comes upon, or anywhere along the pavements."""
        random, draw = self.random, self.random.uniform
        side, away = random.choice((1, -1)), draw(2.0, 7.0)
        x, y, heading = self.middle(side) + draw(-0.6, 0.6), draw(NEAR + 3, FAR - 18), random.choice((1, -1)) * math.pi / 2
        before = random.random()
        if before < 0.25 and self.crossing is not None:
            x, y, heading = side * (self.half + draw(-0.5, 2.0)), self.crossing + draw(-1.2, 1.2), math.pi if side > 0 else 0.0
            if random.random() < 0.3:
                x, y, heading = draw(-1, 1) * self.half * 0.6, self.crossing - away, math.pi / 2
        elif before < 0.5 and self.works is not None:
            side, y = self.works[0], self.works[1] - away
            x, heading = self.middle(side) + draw(-0.6, 0.6), math.pi / 2
        elif before < 0.7 and self.gap is not None:
            x, y, heading = self.foot + draw(1.2, 6.0), self.gap + draw(-0.3, 0.3) * self.stairs_width, math.pi
        height = KERB + draw(1.2, 1.6)
        return Pose(x, y, height, heading + math.radians(random.gauss(0, 8)), math.radians(draw(3, 16)), math.radians(random.gauss(0, 1.5)))

    def told(self, scene, camera, pose):
        """The facets that are known at `pose`: class ids by facet. A thing that is in the picture, but too far or too hidden to be
        told, leaves its facet unknown."""
        near, hinted = set(), set()
        for target in self.targets:
            if seen(scene, camera, target):
                near.add((target.facet, target.label))
            elif in_picture(scene, camera, target):
                hinted.add(target.facet)
        facets = {"weather": ["dry"], "light": ["day"]}
        for facet in ("crossing", "obstacle", "people", "traffic"):
            labels = [label for of, label in sorted(near) if of == facet]
            if labels or facet not in hinted:
                facets[facet] = labels or ["none"]
        stairs = ("surface", "steps_up") in near
        if stairs or "surface" not in hinted:
            facets["surface"] = ["asphalt" if abs(pose.x) < self.half else "paved_sidewalk"] + ["steps_up"] * stairs
            facets["place"] = ["stairs" if stairs else "residential_street"]
        return facets


def photos(folder, streets, seed, samples, size, quality, threads):
    """Write one shard for each of `streets` streets into `folder`; those that exist are kept."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(streets):
        final = folder / f"train-rendered-{number:03}.tar"
        if final.exists():
            continue
        random = Random(f"{seed} {number}")
        scene = stage.empty(samples, *size, threads, quality, number)
        camera, street = stage.camera(scene), Street(scene, random)
        aside = folder / f".{final.name}.part"
        with tarfile.open(aside, "w") as tar:
            for view in range(VIEWS):
                pose = street.stand()
                stage.aim(camera, pose)
                bpy.context.view_layer.update()
                picture = folder / ".view.jpg"
                scene.render.filepath = str(picture)
                bpy.ops.render.render(write_still=True)
                facets = {facet: {"labels": labels, "origin": "scene", "p": 1.0} for facet, labels in street.told(scene, camera, pose).items()}
                record = {"source": SOURCE, "category": None, "captions": [], "labels": [], "facets": facets, "licence": LICENCE, "split": "train"}
                key = f"rendered-{number:03}-{view}"
                _add(tar, f"{key}.jpg", picture.read_bytes())
                _add(tar, f"{key}.json", json.dumps(record).encode())
        picture.unlink()
        os.replace(aside, final)
        print(f"{final}: {VIEWS} photos", flush=True)


def _add(tar, name, data):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))
