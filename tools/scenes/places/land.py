"""Places under the open sky: parks, roads through the country, water, rails."""

import math

from .. import materials as m
from ..greenery import bush
from ..mesh import Shape
from ..props import board_fence, boxes, concrete, far_trees, hills, house_across, houses, lamps, leaf, railing, steel, trees, wall, wood
from ..site import FAR, NEAR
from ..surfaces import grass
from ..vehicles import car
from .plan import Place


def _scatter(site, count, near, far, reach, gap=0.9):
    """Spots on both sides of the way, none of them on it nor on what is beside it."""
    spots = []
    for _ in range(count):
        side = site.random.choice((-1, 1))
        start = -site.edge if side < 0 else site.outer
        spots.append((side * (start + gap + site.draw(0, reach) * site.random.random()), site.draw(near, far)))
    return spots


def _park(site):
    trees(site, _scatter(site, 16, 6, 45, 16, 1.6))
    far_trees(site)
    shape = bush(site.random, leaf(site))
    for x, y in _scatter(site, 9, 8, 26, 9, 1.5):
        site.put(shape, x, y, turn=site.draw(0, 6), scale=site.draw(0.9, 1.6))
    lamps(site, -site.half - 0.7, -1, 14.0)
    _flowers(site)


def _flowers(site):
    colours = [m.material("flower", colour, 0.8) for colour in ((0.6, 0.05, 0.1), (0.7, 0.5, 0.02), (0.5, 0.1, 0.5), (0.7, 0.7, 0.65))]
    bed, x, y = Shape("flowers"), site.random.choice((site.edge - 2.4, site.outer + 2.4)), site.draw(5, 9)
    bed.box((0, 0, 0.04), (2.4, 3.0, 0.08), m.mottled("earth", (0.06, 0.04, 0.025), 0.4, 9))
    for _ in range(130):
        bed.ball((site.draw(-1.1, 1.1), site.draw(-1.4, 1.4), site.draw(0.15, 0.3)), (0.055, 0.055, 0.04), site.random.choice(colours), 3, 6)
    site.put(bed, x, y)


def _tufts(site, count=70, reach=6.0, far=18.0):
    """Tall grass beside the way."""
    blade = m.mottled("leaves tuft", (0.07, 0.14, 0.025) if site.random.random() < 0.7 else (0.3, 0.24, 0.09), 0.5, 3)
    shape = Shape("tuft")
    for x, y in _scatter(site, count, 1.5, far, reach, 0.15):
        if site.cut and site.cut[0] - 0.3 < y < site.cut[1] + 0.3:
            continue
        for _ in range(6):
            dx, dy, tall = site.draw(-0.12, 0.12), site.draw(-0.12, 0.12), site.draw(0.12, 0.42)
            shape.add([(x + dx - 0.012, y + dy, 0), (x + dx + 0.012, y + dy, 0), (x + 2 * dx, y + 2 * dy, tall)], [(0, 1, 2)], blade)
    site.put(shape, 0, 0)


def _car_park(site):
    paint, lines = site.keep("paint", lambda: m.road_paint(site.draw(0.2, 0.6))), Shape("bay lines")
    full, deep = site.asks("traffic", "parked_vehicles"), 5.0
    for side in (-1, 1):
        start = side * ((site.half if side < 0 else site.outer) + 0.1)
        for row in range(2):
            x = start + side * row * (2 * deep + 5.5)
            for low, high in site.spans(-6, 44, 0.3):
                for k in range(int((high - low) / 2.6) + 1):
                    lines.box((x + side * deep / 2, low + 2.6 * k, 0), (deep, 0.1, 0.012), paint)
                for k in range(int((high - low) / 2.6)):
                    y = low + 2.6 * k + 1.3
                    if (full and site.random.random() < 0.7) or (not full and y > 30 and "none" not in site.ask.facets["traffic"]):
                        if y > 0.5:
                            turn = 0.0 if site.random.random() < 0.5 else math.pi
                            site.put(car(site), x + side * deep / 2, y, turn=turn, tags=[("traffic", "parked_vehicles")])
    site.put(lines, 0, 0, site.z + 0.006)
    blue, white = m.material("sign blue", (0.01, 0.08, 0.42), 0.4), m.material("sign white", (0.8, 0.8, 0.8), 0.4)
    letter = [((-0.12, 2.9), (0.1, 0.5)), ((0.02, 3.1), (0.25, 0.09)), ((0.02, 2.9), (0.25, 0.09)), ((0.12, 3.0), (0.09, 0.28))]
    parts = [((0, 0, 1.6), (0.08, 0.08, 3.2), steel(site)), ((0, -0.06, 2.9), (0.75, 0.05, 0.75), blue)]
    parts += [((x, -0.1, z), (wide, 0.03, tall), white) for (x, z), (wide, tall) in letter]
    boxes(site, "sign", parts, -site.half - (2.4 if site.bare else 0.2), site.draw(9, 12))
    lamps(site, site.outer + 5.4, -1, 22.0)
    houses(site, 1, site.outer + 26, (2, 3))
    house_across(site, 56, width=60, storeys=2)
    trees(site, [(side * site.draw(18, 24), y) for side in (-1, 1) for y in (8, 20, 33, 42)])


def _bridge(site):
    """A deck over a river, with railings and trusses or arches, and banks far ahead."""
    site.slab("water", (-90, 90), (-30, 62), -5.5, site.ground("water"))
    edge, outer = site.edge - 0.15, site.outer + 0.15
    skin = m.material("truss paint", site.random.choice(((0.06, 0.16, 0.12), (0.25, 0.05, 0.04), (0.12, 0.15, 0.2), (0.35, 0.36, 0.36))), 0.5)
    for x in (edge, outer):
        railing(site, x, NEAR, 60, 1.15, "railing", 0.15, skin)
        site.slab("bridge", (x - 0.25, x + 0.25), (NEAR, 60), site.z + 0.06, concrete(site), thick=1.3)
    truss, kind = Shape("truss"), site.random.randrange(2)
    if kind == 0:
        for x in (edge - 0.5, outer + 0.5):
            points = [(x, -10 + 64 * k / 16, 0.3 + 8.5 * math.sin(math.pi * k / 16)) for k in range(17)]
            truss.tube(points, 0.3, skin, 8)
            for px, py, pz in points[1:-1]:
                truss.tube([(px, py, 0), (px, py, pz)], 0.05, skin, 5)
        for k in range(5, 12):
            y, z = -10 + 64 * k / 16, 0.3 + 8.5 * math.sin(math.pi * k / 16)
            truss.box(((edge + outer) / 2, y, z), (outer - edge + 1, 0.25, 0.25), skin)
    else:
        for x in (edge - 0.3, outer + 0.3):
            truss.box((x, 27, 4.6), (0.3, 66, 0.35), skin)
            for k in range(17):
                y = -6 + 4.0 * k
                truss.tube([(x, y, 0), (x, y + 2, 4.5)], 0.12, skin, 5)
                truss.tube([(x, y + 2, 4.5), (x, y + 4, 0)], 0.12, skin, 5)
        for k in range(8):
            truss.box(((edge + outer) / 2, 2 + 8 * k, 4.6), (outer - edge + 0.8, 0.25, 0.25), skin)
    site.put(truss, 0, 0)
    site.slab("grass", (-120, 120), (62, 130), site.z - 0.4, site.ground("grass" if site.ask.weather != "snow" else "snow_or_ice"), thick=8)
    far_trees(site, 76, 60, 16)
    house_across(site, 90, x=-24, width=24, storeys=4)
    house_across(site, 88, x=20, width=18, storeys=3)
    lamps(site, edge + 0.2, 1, 18.0)


def _highway(site):
    """Many lanes, a guard rail between them and the walker, a sign gantry."""
    low, high = site.road or (site.outer + 0.5, site.outer + 15)
    rail, metal = Shape("guard rail"), steel(site)
    for x in (high + 0.5,) if site.bare else (low + 0.15, high + 0.5):
        for a, b in site.spans():
            rail.box((x, (a + b) / 2, 0.62), (0.06, b - a, 0.3), metal)
            for k in range(int((b - a) / 2)):
                rail.box((x + 0.06, a + 2 * k, 0.35), (0.08, 0.1, 0.7), metal)
    site.put(rail, 0, 0)
    z, marks, paint = (0.0 if site.raised else site.z), Shape("lane marks"), site.keep("paint", lambda: m.road_paint(0.2))
    count = max(2, round((high - low) / 3.5))
    for k in range(count + 1):
        x = low + 0.25 + (high - low - 0.5) * k / count
        y = NEAR
        while y < FAR:
            if site.cut is None or not site.cut[0] - 4 < y < site.cut[1]:
                marks.box((x, y + 1.9, z), (0.15, 3.8, 0.012), paint)
            y += 3.8 if k in (0, count) else 9.0
    site.put(marks, 0, 0, 0)
    gantry, blue = Shape("gantry"), m.material("sign blue", (0.01, 0.09, 0.38), 0.4)
    for x in (low - 0.1, high + 0.8):
        gantry.box((x, 0, 3.3), (0.3, 0.3, 6.6), metal)
    gantry.box(((low + high) / 2, 0, 6.4), (high - low + 1.4, 0.3, 0.4), metal)
    white = m.material("sign white", (0.8, 0.8, 0.8), 0.4)
    for k in range(3):
        x = low + (high - low) * (k + 0.6) / 3.2
        gantry.box((x, -0.2, 6.3), (3.4, 0.1, 1.9), blue)
        for j in range(3):
            gantry.box((x - 0.3, -0.27, 6.8 - 0.45 * j), (site.draw(1.2, 2.2), 0.03, 0.18), white)
    site.put(gantry, 0, site.draw(20, 26))
    if site.random.random() < 0.5:
        wall(site, site.outer + 5, 3.2, concrete(site))
    far_trees(site, 60, 60, 16)
    trees(site, _scatter(site, 8, 14, 50, 14, 3.5))
    hills(site)
    for y in (4, 20, 36):
        site.lamp(low - 0.6, y, 8.0, 130.0)


def _country_road(site):
    kind, far = site.random.randrange(2), 45
    posts = Shape("fence")
    for low, high in site.spans(-4, far):
        for k in range(int((high - low) / 2.4)):
            for x in ((site.outer + 1.6, site.edge - 1.9) if not site.bare else (site.outer + 3.2, site.edge - 3.4)):
                posts.box((x, low + 2.4 * k, 0.55), (0.11, 0.11, 1.1), wood(site))
        for x in (site.outer + 1.6, site.edge - 1.9) if not site.bare else (site.outer + 3.2, site.edge - 3.4):
            for z in (0.45, 0.9):
                posts.box((x, (low + high) / 2, z), (0.04, high - low, 0.09 if kind else 0.02), wood(site))
    site.put(posts, 0, 0)
    _tufts(site)
    _fields(site)
    far_trees(site, 70, 70, 14)
    trees(site, _scatter(site, 5, 10, 50, 16, 4.0))
    hills(site)
    if site.random.random() < 0.5:
        house_across(site, 58, x=site.random.choice((-1, 1)) * 25, width=12)


def _fields(site):
    """Ploughed land and stubble beyond the verge."""
    if site.ask.weather == "snow":
        return
    for x0, x1 in ((-80, site.edge - 5), (site.outer + 5, 80)):
        dry = site.random.choice((0.9, 0.6, 0.1))
        material = grass(site.random, dry) if site.random.random() < 0.7 else m.mottled("earth", (0.13, 0.085, 0.05), 0.4, 1.5)
        for ys in site.spans(2, 90):
            site.slab("field", (x0, x1), ys, site.z + 0.012, material)


def _forest_path(site):
    bark = m.mottled("bark", (0.09, 0.07, 0.05), 0.45, 7)
    for k in range(70):
        side, y = site.random.choice((-1, 1)), site.draw(2.5, 44)
        x = side * ((-site.edge if side < 0 else site.outer) + 0.9 + 13 * site.random.random() ** 1.4)
        if site.cut and site.cut[0] - 0.8 < y < site.cut[1] + 0.8:
            continue
        trunk, r, lean = Shape("trunk"), site.draw(0.1, 0.3), site.draw(-0.5, 0.5)
        trunk.tube([(0, 0, -0.1), (0, 0, 0.3), (lean, site.draw(-0.3, 0.3), 11)], [r * 1.5, r, r * 0.6], bark, 9)
        site.put(trunk, x, y)
    fern = bush(site.random, m.leaves((0.05, 0.13, 0.02)), radius=0.5, centre=(0, 0, 0.3), leaves=260)
    fern.name = "fern"
    for x, y in _scatter(site, 45, 2.5, 26, 9, 0.5):
        if not (site.cut and site.cut[0] - 0.6 < y < site.cut[1] + 0.6):
            site.put(fern, x, y, turn=site.draw(0, 6), scale=site.draw(0.6, 1.3))
    near = [(side * site.draw(3.5, 13), y) for side in (-1, 1) for y in (6, 10, 14, 18, 23, 28, 34)]
    trees(site, near + [(site.draw(-14, 14), site.draw(40, 52)) for _ in range(10)], 7.5, 9.5)


def _waterside(site):
    """A quay or a beach: water beside the way up to the horizon, boats on it."""
    beach = site.base == "sand"
    start = site.outer + (2.5 if beach else 0.3)
    if beach:
        site.slab("sand", (site.outer, start), (NEAR, 90), site.z - 0.01, site.ground("sand"), ("surface", "sand"))
    else:
        site.slab("quay", (site.outer, start), (NEAR, 90), site.z + 0.05, concrete(site), thick=1.5)
    site.slab("water", (start, 300), (-30, 300), site.z - (0.03 if beach else 0.9), site.ground("water"), ("surface", "water"))
    hull, cabin = m.material("hull", site.random.choice(((0.6, 0.6, 0.58), (0.4, 0.04, 0.03), (0.03, 0.12, 0.3))), 0.4), m.material("cabin", (0.65, 0.64, 0.6), 0.5)
    for _ in range(site.random.randint(2, 4)):
        boat = Shape("boat")
        ribs, section = ((-2.6, 0.8), (-1, 1.0), (1, 0.95), (3, 0.12)), ((-1, 0.9), (-0.7, -0.2), (0.7, -0.2), (1, 0.9))
        boat.loft([[(x, y * wide, z) for y, z in section] for x, wide in ribs], hull, smooth=False)
        boat.box((-0.8, 0, 1.3), (1.6, 1.2, 0.9), cabin)
        boat.tube([(0.5, 0, 0.8), (0.5, 0, 6)], 0.05, wood(site), 6)
        site.put(boat, start + site.draw(4, 22), site.draw(10, 40), site.z - 0.8, turn=site.draw(0, 6.28))
    if not beach and not site.bare:
        railing(site, start - 0.15, NEAR, 50, 1.05, "railing", 1.6)
    snowy = site.ask.weather == "snow"
    site.slab("snow" if snowy else "grass", (-90, site.edge), (-30, 200), site.z - 0.002, site.ground("snow_or_ice" if snowy else "grass"))
    trees(site, [(site.edge - site.draw(2, 6), y) for y in (7, 14, 22, 31, 42)])
    hills(site, 240)
    lamps(site, site.edge + 0.15, -1, 17.0)


def _open_land(site):
    _tufts(site, 120, 8.0)
    _fields(site)
    far_trees(site, 90, 90, 10)
    hills(site)
    trees(site, _scatter(site, 2, 25, 50, 25, 8))


def _railway(site):
    """Two tracks on ballast beside the way, with masts and wires."""
    ballast, iron = m.mottled("stone ballast", (0.17, 0.15, 0.13), 0.6, 14), m.material("rail", (0.42, 0.36, 0.3), 0.28, metal=0.9)
    sleeper, x = m.mottled("sleeper", (0.13, 0.11, 0.09), 0.3, 9), site.outer + 2.4
    for ys in site.spans():
        bed = Shape("ballast")
        bed.box((x + 2.2, sum(ys) / 2, 0), (8.8, ys[1] - ys[0], 0.3), ballast)
        for k in range(int((ys[1] - ys[0]) / 0.65)):
            for at in (x, x + 4.4):
                bed.box((at, ys[0] + 0.3 + 0.65 * k, 0.14), (2.5, 0.25, 0.1), sleeper)
        site.put(bed, 0, 0)
    track = Shape("rails")
    for at in (x, x + 4.4):
        for dx in (-0.74, 0.74):
            track.box((at + dx, 32, 0.24), (0.08, 76, 0.15), iron)
    site.put(track, 0, 0)
    masts, metal = Shape("mast"), steel(site)
    for k in range(5):
        masts.box((x + 7.2, 9 + 14 * k, 3.4), (0.22, 0.22, 6.8), metal)
        masts.box((x + 3.6, 9 + 14 * k, 6.2), (7.4, 0.08, 0.08), metal)
    for at in (x, x + 4.4):
        masts.box((at, 32, 5.6), (0.025, 76, 0.025), metal)
        masts.box((at, 32, 6.15), (0.02, 76, 0.02), metal)
    site.put(masts, 0, 0)
    _tufts(site, 40)
    board_fence(site, site.edge - 3.5, -4, 40, 1.4)
    trees(site, [(site.edge - site.draw(5, 12), site.draw(6, 45)) for _ in range(8)])
    far_trees(site, 66, 40, 8)
    site.lamp(site.half + 0.5, 8, 5, 60.0)


PLACES = {
    "park": Place((1.8, 3.0), None, None, "path", ("grass", "grass"), True, _park),
    "car_park": Place((3.0, 5.0), None, None, "parking", ("parking", "asphalt"), True, _car_park),
    "bridge": Place((2.4, 3.6), (5.5, 7.0), None, "deck", None, True, _bridge),
    "highway": Place((1.6, 2.4), (13.0, 16.0), None, "road", ("grass", "grass"), True, _highway),
    "country_road": Place((3.2, 4.5), None, None, "road", ("grass", "grass"), True, _country_road),
    "forest_path": Place((1.4, 2.2), None, None, "path", ("earth", "gravel_or_dirt"), True, _forest_path),
    "waterside": Place((2.8, 4.5), None, None, "quay", None, True, _waterside),
    "open_land": Place((1.4, 2.4), None, None, "path", ("grass", "grass"), True, _open_land),
    "railway": Place((1.6, 2.4), None, None, "path", ("grass", "grass"), True, _railway),
}
