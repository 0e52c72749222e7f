"""What is truly to be seen in a picture, told from its layers: a thing counts where enough of it is visible and it is near enough. Pure."""

from dataclasses import dataclass, replace

import numpy

from .classes import FACETS, THINGS

NEAR = {"crossing": 9.0, "obstacle": 8.0, "people": 16.0, "traffic": 22.0}
"""Metres within which a thing counts."""
SHARE = {"crossing": 0.004, "obstacle": 0.0012, "people": 0.0012, "traffic": 0.002}
"""Share of the picture that a thing must fill."""
PLACED = {"obstacle"}
"""Facets whose classes follow from things and where they stand, tags aside."""
HINT, FARTHEST = 0.0003, 1.6
"""Share of the picture, and times the metres above, up to which a thing that does not count leaves its facet unknown."""
WIDEST, BESIDE = 1.9, 0.01
"""Metres to each side of the way's middle beyond which nothing is in the way; share of the picture from which a wall or fence beside the way,
though not in it, leaves obstacles unknown."""
CROWD, FEW, PERSON = 7, 4, 0.0005
"""People from whom there is a crowd, and up to whom there are few; the share of the picture that makes one of them."""
HEAVY = 4
"""Moving vehicles from which traffic is heavy, however little is seen of each."""
UNDERFOOT = {"wet_or_puddle": 0.03, "tactile_paving": 0.03}
"""Share of the way's ground that shows a surface; others need more."""
USUAL_SHARE = 0.12
STEPS = {"steps_up": (0.005, 10.0), "steps_down": (0.005, 10.0)}
"""Share of the picture that stairs must fill, and metres within which they count."""

OBSTACLES = {
    "pole": "pole_or_bollard", "bollard": "pole_or_bollard", "traffic_light": "pole_or_bollard", "bicycle": "bicycle_or_scooter", "bin": "bin_or_bags",
    "bags": "bin_or_bags", "sign_board": "sign_board", "cone": "barrier_or_cones", "barrier": "barrier_or_cones", "bench": "bench_or_hydrant",
    "fire_hydrant": "bench_or_hydrant", "door": "door_or_gate", "gate": "door_or_gate", "manhole": "manhole_or_pothole", "pothole": "manhole_or_pothole",
    "stall": "stall_or_cart", "animal": "animal", "wall": "wall_or_fence", "fence": "wall_or_fence", "guard_rail": "wall_or_fence", "rubble": "rubble",
}
"""Things that are obstacles wherever they stand in the way; others are where they are tagged."""
_OBSTACLE = {THINGS[thing]: label for thing, label in OBSTACLES.items()}
_GROUND = [value for name, value in THINGS.items() if 1 <= value <= 19]


@dataclass
class Layers:
    """One picture as arrays of (row from the top, column): `light` linear RGB; `depth` metres along the view; `number` of the object, 1 for
    the first of `names`, 0 for the sky; `thing` the map's values; `x`, `y`, `z` where in the world each pixel's surface is, in metres;
    `eye` the camera's x and y."""
    light: numpy.ndarray
    depth: numpy.ndarray
    number: numpy.ndarray
    thing: numpy.ndarray
    x: numpy.ndarray
    y: numpy.ndarray
    z: numpy.ndarray
    names: list
    eye: tuple


def told(layers, tags, walked, clear, constant):
    """Class ids by facet; a facet that is not known is left out. `tags` holds (facet, class) pairs by object name, `walked` the (low, high) x
    of the way, `clear` the metres up to which the air lets anything be made out, `constant` the facets that hold for the whole picture
    (place, weather, light)."""
    found = {facet: list(labels) for facet, labels in constant.items()}
    layers = replace(layers, number=numpy.where(layers.depth > clear, 0, layers.number), thing=numpy.where(layers.depth > clear, 0, layers.thing))
    found["surface"] = _surface(layers, tags, walked)
    counts = _counts(layers, tags, min(walked[1], WIDEST))
    for facet in ("crossing", "obstacle"):
        near = {label for label, share, metres in counts[facet] if share >= SHARE[facet] and metres <= NEAR[facet]}
        hint = any(share >= HINT and metres <= NEAR[facet] * FARTHEST for _, share, metres in counts[facet])
        _settle(found, facet, near, hint)
    _people(found, counts["people"])
    _traffic(found, counts["traffic"])
    return {facet: labels for facet, labels in found.items() if labels}


def _settle(found, facet, near, hint):
    if near or not hint:
        found[facet] = [label for label in FACETS[facet] if label in near] or ["none"]


def _counts(layers, tags, reach):
    """For each facet (class, share of the picture, nearest metres) of each object that shows it; of the ground's crossings by class."""
    size, found = layers.number.size, {facet: [] for facet in NEAR}
    away = numpy.hypot(layers.x - layers.eye[0], layers.y - layers.eye[1])
    merged, ridden = {}, numpy.zeros(len(layers.names) + 1, bool)
    for number in numpy.unique(layers.number[layers.number > 0]):
        seen = layers.number == number
        metres = float(numpy.quantile(away[seen], 0.02))
        share = seen.sum() / size
        for facet, label in tags.get(layers.names[number - 1], ()):
            if facet in ("people", "traffic"):
                found[facet].append((label, share, metres))
                ridden[number] |= label == "cyclist"
            elif facet != "surface":
                _merge(merged, facet, label, share, metres)
    across = numpy.abs(layers.x)
    close = (away < NEAR["obstacle"] * FARTHEST) & ~ridden[layers.number]
    for value, label in _OBSTACLE.items():
        seen = (layers.thing == value) & close & _in_the_way(across, label, reach)
        if seen.any():
            _merge(merged, "obstacle", label, seen.sum() / size, float(numpy.quantile(away[seen], 0.02)))
        elif label == "wall_or_fence" and ((layers.thing == value) & close & (across <= WIDEST + 1)).sum() >= BESIDE * size:
            found["obstacle"].append((label, HINT, NEAR["obstacle"]))
    for (facet, label), (share, metres) in merged.items():
        found[facet].append((label, share, metres))
    return found


def _in_the_way(across, label, reach):
    return across <= reach - (0.15 if label == "door_or_gate" else 0.0)


def obstacle_pixels(layers, label, half):
    """The pixels of things that are an obstacle wherever they stand in a way of that half width."""
    values = [value for value, obstacle in _OBSTACLE.items() if obstacle == label]
    return numpy.isin(layers.thing, values) & _in_the_way(numpy.abs(layers.x), label, min(half, WIDEST))


def _merge(merged, facet, label, share, metres):
    before = merged.get((facet, label), (0.0, 1e9))
    merged[facet, label] = (before[0] + share, min(before[1], metres))


def _surface(layers, tags, walked):
    """The surfaces of the way ahead; `none` where hardly any ground is to be seen."""
    ground = numpy.isin(layers.thing, _GROUND)
    if ground.mean() < 0.01:
        return ["none"]
    away = numpy.hypot(layers.x - layers.eye[0], layers.y - layers.eye[1])
    ahead = ground & (layers.x >= walked[0]) & (layers.x <= walked[1]) & (away <= 8.0)
    if ahead.mean() < 0.02:
        return []
    shares, steps = {}, {}
    for number in numpy.unique(layers.number[layers.number > 0]):
        share = (layers.number[ahead] == number).mean()
        for facet, label in tags.get(layers.names[number - 1], ()):
            if label in STEPS:
                seen = layers.number == number
                steps[label] = seen.mean(), float(numpy.quantile(away[seen], 0.02))
            elif facet == "surface":
                shares[label] = shares.get(label, 0.0) + share
    near = {label for label, (share, metres) in steps.items() if share >= STEPS[label][0] and metres <= STEPS[label][1]}
    if any(share >= HINT for label, (share, _) in steps.items() if label not in near):
        return []
    near |= {label for label, share in shares.items() if share >= UNDERFOOT.get(label, USUAL_SHARE)}
    return [label for label in FACETS["surface"] if label in near]


def _people(found, seen):
    clear = [label for label, share, metres in seen if share >= SHARE["people"] and metres <= NEAR["people"]]
    hint = any(share >= HINT and metres <= NEAR["people"] * FARTHEST for _, share, metres in seen)
    count = sum(label != "cyclist" and share >= PERSON and metres <= NEAR["people"] for label, share, metres in seen)
    if FEW < count < CROWD:
        return
    count = count if count >= CROWD else sum(label != "cyclist" for label in clear)
    near = {"cyclist"} & set(clear) | ({"crowd"} if count >= CROWD else {"few"} if count else set())
    _settle(found, "people", near, hint)


def _traffic(found, seen):
    clear = [label for label, share, metres in seen if share >= SHARE["traffic"] and metres <= NEAR["traffic"]]
    moving = [share for label, share, metres in seen if label == "moving_vehicles" and share >= HINT and metres <= 2 * NEAR["traffic"]]
    hint = any(share >= HINT and metres <= NEAR["traffic"] * FARTHEST for _, share, metres in seen)
    near = set(clear)
    if len(moving) >= HEAVY and "moving_vehicles" in near:
        near.add("heavy_traffic")
    _settle(found, "traffic", near, hint)
