"""The ground: the way under the walker's feet with the surface asked for, a road beside it, and what lies on the way."""

import math

from . import materials as m
from . import surfaces
from .mesh import Shape
from .site import FAR, NEAR, objects
from .street import centre_line, steps_up

NAMES = {"grass": "grass", "sand": "sand", "snow_or_ice": "snow", "gravel_or_dirt": "path", "indoor_floor": "floor"}
"""What a way of these surfaces is, wherever it is."""
LAID = 0.004
"""Metres by which what is laid on the ground lies above it."""


def choose(site, usual):
    """The surface that covers the way: what is asked, or else what is `usual`."""
    asked = [label for label in site.ask.facets["surface"] if label in surfaces.MAKERS and label != "water"]
    site.base = asked[0] if asked else site.random.choice([label for label in usual if label in surfaces.MAKERS] or ["paved_sidewalk", "brick_or_cobble"])
    site.way_name = NAMES.get(site.base, site.way_name)


def way(site):
    """The way itself up to the stairs, wet where it rains, cracked where it is asked."""
    random, hard = site.random, site.base not in ("grass", "sand", "snow_or_ice", "gravel_or_dirt")
    tags = [("surface", site.base)]
    if site.asks("surface", "cracked_or_broken"):
        asked = site.base if site.asks("surface", site.base) else None
        material = surfaces.cracked(random, asked)
        tags = [("surface", "cracked_or_broken")] + [("surface", asked)] * (asked is not None)
    else:
        material = site.ground(site.base)
    if site.ask.weather == "rain" and hard and site.ask.place not in ("tunnel", "indoors"):
        tags.append(("surface", "wet_or_puddle"))
    site.way_material, end = material, FAR if site.foot is None else site.foot
    for low, high in site.spans(NEAR, end):
        site.slab(site.way_name, (-site.half, site.half), (low, high), site.z, material, *tags, thick=6.0 if site.foot else 0.3)
    if site.asks("surface", "wet_or_puddle"):
        _puddles(site)
    if site.asks("surface", "water"):
        _pool(site)
    if site.asks("surface", "tactile_paving"):
        _tactile(site)
    if site.foot is not None:
        _stairs(site)


def beside(site, name, xs, kind, *tags, z=None):
    """Ground beside the way, all along it but for what crosses."""
    for ys in site.spans():
        site.slab(name, xs, ys, site.z if z is None else z, site.ground(kind), *tags)


def road(site):
    """The road beside the way, with kerbs where it lies lower, and its markings."""
    if site.road is None:
        return
    low, high = site.road
    z = 0.0 if site.raised else site.z
    site.slab("road", (low, high), (NEAR, FAR), z, site.ground("asphalt"))
    if high - low > 4.5:
        skip = (FAR, FAR) if site.cut is None else (site.cut[0] - 1, site.cut[1] + 1)
        made = centre_line(NEAR, FAR, skip, site.keep("paint", lambda: m.road_paint(site.draw(0.2, 0.7))))
        made.location = ((low + high) / 2, 0, z)
    stone = site.keep("kerb stone", m.stone_blocks)
    for x in (low - 0.08, high + 0.08):
        for ys in site.spans():
            site.slab("kerb" if site.raised else "gutter", (x - 0.08, x + 0.08), ys, site.z + 0.003, stone, *(("crossing", "kerb"),) * site.raised)


def blob(random, name, centre, radii, z, material, rough=0.25, points=22):
    """A flat patch with an irregular rim."""
    shape, wave = Shape(name), [(random.uniform(0, rough) / (k + 1), random.uniform(0, math.tau), k + 2) for k in range(3)]
    rim = []
    for i in range(points):
        a = math.tau * i / points
        r = 1 + sum(size * math.sin(turns * a + phase) for size, phase, turns in wave)
        rim.append((centre[0] + radii[0] * r * math.cos(a), centre[1] + radii[1] * r * math.sin(a), z))
    shape.add(rim, [tuple(range(points))], material)
    return shape


def puddle_material():
    """A mirror over dark ground."""
    return m.material("puddle", (0.018, 0.019, 0.02), 0.03, coat=1.0)


def _puddles(site):
    mirror = site.keep("puddle", puddle_material)
    reach = max(0.2, site.half - 0.5)
    for k in range(site.random.randint(2, 5)):
        y = site.draw(1.9, 3.2) if k == 0 else site.draw(2.0, 9.0)
        if not site.is_free(y, 1.0) and site.foot is None:
            y = site.draw(1.7, max(1.9, site.cut[0] - 0.8))
        radii = (site.draw(0.35, min(0.9, site.half * 0.8)), site.draw(0.25, 0.6))
        patch = blob(site.random, site.way_name, (site.draw(-reach, reach) * 0.8, y), radii, site.z + LAID, mirror)
        site.put(patch, 0, 0, 0, tags=[("surface", "wet_or_puddle")])


def _pool(site):
    """Water over the way, from a few steps ahead."""
    start, end = (1.4, site.cut[0]) if site.cut else (site.draw(2.4, 3.4), 11.5)
    deep = (end - start) / 2
    centre, radii = (site.draw(-0.4, 0.4), start + deep), (site.half + site.draw(1.5, 5), deep)
    shape = blob(site.random, "water", centre, radii, site.z + 2.5 * LAID, site.ground("water"), 0.12, 40)
    site.put(shape, 0, 0, 0, tags=[("surface", "water")])


def _tactile(site):
    """Ribs along the way, and a field of studs before what crosses it or goes up or down."""
    colour = site.random.choice(((0.62, 0.42, 0.03), (0.6, 0.44, 0.08), (0.55, 0.53, 0.48), (0.42, 0.1, 0.07)))
    body, rib = m.mottled("tactile", [c * 0.8 for c in colour], 0.15, 9), m.mottled("tactile rib", [min(1, c * 1.25) for c in colour], 0.15, 9)
    x, width = site.draw(-0.35, 0.35), 0.45
    end = min(site.cut[0] if site.cut else 22.0, site.foot if site.foot is not None else 22.0)
    shape = Shape("tactile paving")
    shape.box((x, (end + NEAR) / 2, site.z), (width, end - NEAR, 2 * LAID), body)
    for k in range(5):
        shape.box((x + (k - 2) * 0.085, (end + NEAR) / 2, site.z + LAID), (0.035, end - NEAR, 0.012), rib)
    if end < 22.0:
        reach = min(site.half, 1.6)
        shape.box((0, end - 0.45, site.z + 0.002), (2 * reach, 0.8, 2 * LAID), body)
        for i in range(int(reach * 2 / 0.13)):
            for j in range(6):
                shape.box((-reach + 0.065 + 0.13 * i, end - 0.78 + 0.13 * j, site.z + LAID + 0.004), (0.06, 0.06, 0.012), rib)
    site.put(shape, 0, 0, 0, tags=[("surface", "tactile_paving")])


def _stairs(site):
    """A flight as wide as the way that goes up, or down between walls, with a landing and a wall at its end."""
    down = site.down
    count, rise, tread, width = site.random.randint(5, 14), site.draw(0.15, 0.18), site.draw(0.28, 0.36), min(2 * site.half, 7.0) - 0.8
    site.flight = (-count if down else count, rise, tread)
    shade = site.draw(0.15, 0.42)
    stone, nosing = m.mottled("stone steps", (shade, shade * 0.96, shade * 0.88), 0.25, 4), m.mottled("nosing", (shade * 1.5, shade * 1.45, shade * 1.3), 0.2, 5)
    metal = m.material("handrail", (0.35, 0.36, 0.37), 0.3, metal=0.9)
    height, run, far = count * rise, count * tread, FAR if site.ask.place != "indoors" else site.foot + 14
    before = set(objects())
    if down:
        made = steps_up(site.foot + run, 0, count, width, rise, tread, stone, nosing, metal, site.z - height - 0.004)
    else:
        made = steps_up(-site.foot, 0, count, width, rise, tread, stone, nosing, metal, site.z)
    for each in objects():
        if each not in before:
            each.rotation_euler[2] = math.pi / 2 if down else -math.pi / 2
    site.tag(made, ("surface", "steps_down" if down else "steps_up"))
    z = site.z - height if down else site.z + height
    across, own = (-site.half, site.half), (site.way_material, ("surface", site.base))
    site.slab(site.way_name, across, (site.foot + run, far), z if down else z + LAID, *own, thick=0.3 if down else height + 1)
    if down:
        for side in (-1, 1):
            xs = sorted((side * (site.half - 0.012), side * (site.half + 0.3)))
            site.slab("wall", xs, (site.foot, site.foot + run + 9), site.z + 0.5, stone, thick=height + 1)
        site.slab("wall", across, (site.foot + run + 8.5, site.foot + run + 9), site.z + 0.8, stone, thick=height + 1.5)
        deck = site.z if site.ask.place == "indoors" else site.z - 0.02
        site.slab(site.way_name, across, (site.foot + run + 8.6, far), deck, *own)
    else:
        for side in (-1, 1):
            site.slab("wall", sorted((side * (site.half - 0.012), side * (site.half + 0.25))), (site.foot, far), z, stone, thick=height + 1)
