"""What stands, lies or hangs in the way, 2 to 7 m ahead, or further where that is asked."""

import math

from . import materials as m
from .ground import LAID, blob
from .mesh import Shape
from .people import dog
from .props import boxes, concrete, dark, leaf, painted, steel, striped, wood
from .things import barrier, cone
from .vehicles import bicycle, car, cow, scooter
from .greenery import bush


def build(site):
    """One or a few of each kind asked for, each in a place of its own."""
    spots = _spots(site)
    for label in site.ask.facets["obstacle"]:
        if label != "none":
            x, y = spots.pop(0) if spots else (site.draw(-1, 1), site.draw(2.6, 6) + site.ask.further)
            MAKERS[label](site, x, y)


def _spots(site):
    """Where a thing may stand: left and right of where one walks, near first or far first."""
    reach = max(0.35, min(site.half - 0.45, 1.25))
    found, y = [], 2.5 + site.ask.further
    side = site.random.choice((-1, 1))
    while y < 7.0 + site.ask.further:
        if site.is_free(y, 0.5):
            found.append((side * reach * site.draw(0.55, 1.0), y + site.draw(0, 0.5)))
            side = -side
        y += 1.15
    if not found:
        if not site.cut:
            ahead = site.foot - 0.35
        else:
            ahead = site.cut[1] + 0.6 if site.foot is not None else site.cut[1] + 1.2 if site.cut[1] < 6.5 else 2.1
        found = [(side * reach, ahead), (-side * reach, ahead + 0.3)]
    first = site.random.randrange(min(3, len(found)))
    return found[first:] + found[:first]


def _parked_car(site, x, y):
    far = max(y + 1.5, 4.6)
    shift = math.copysign(max(0.9, min(site.half - 0.2, 1.7)), x)
    turn = site.random.choice((1, -1)) * math.pi / 2 + site.draw(-0.1, 0.1)
    site.put(car(site), shift, far + 0.6, turn=turn, tags=[("obstacle", "parked_car"), ("traffic", "parked_vehicles")])


def _bicycle(site, x, y):
    if site.random.random() < 0.6:
        for k in range(site.random.choice((1, 1, 2, 3))):
            turn = site.draw(-0.5, 0.5) + (math.pi / 2 if k == 0 and site.random.random() < 0.3 else 0.35)
            site.put(bicycle(site), x + 0.1 * k, y + 0.55 * k, turn=turn, tilt=0.07)
    else:
        site.put(scooter(site), x, y, turn=site.draw(0, 6.28))


def _pole(site, x, y):
    kind = site.random.randrange(3)
    if kind == 0:
        shape, paint = Shape("bollard"), dark(site) if site.random.random() < 0.5 else concrete(site)
        band = m.material("reflector", (0.75, 0.75, 0.7), 0.4)
        profile = [(0.1, 0), (0.1, 0.08), (0.075, 0.1), (0.075, 0.7), (0.075, 0.8), (0.085, 0.9), (0.05, 0.97), (0.01, 0.98)]
        shape.lathe(profile, lambda i, j: band if i == 3 else paint, 18)
        for k in range(site.random.randint(2, 4)):
            site.put(shape, x + (k - 1) * 1.15 * (-1 if x > 0 else 1), y)
    elif kind == 1:
        shape = Shape("mast")
        shape.lathe([(0.16, 0), (0.16, 0.5), (0.11, 0.55), (0.08, 6.0)], steel(site) if site.random.random() < 0.5 else wood(site), 16)
        site.put(shape, x, y)
    else:
        boxes(site, "post", [((0, 0, 1.4), (0.07, 0.07, 2.8), steel(site))], x, y)
        sign = Shape("sign")
        sign.lathe([(0.01, -0.02), (0.3, -0.02), (0.3, 0.02), (0.01, 0.02)], painted(site), 24, (0, -0.06, 2.5), 1)
        sign.lathe([(0.01, -0.026), (0.2, -0.026), (0.01, -0.025)], m.material("sign white", (0.8, 0.8, 0.8), 0.4), 24, (0, -0.06, 2.5), 1)
        site.put(sign, x, y)


def _bin(site, x, y):
    if site.random.random() < 0.6:
        shape = Shape("bin")
        body = m.mottled("plastic", site.random.choice(((0.03, 0.09, 0.04), (0.03, 0.035, 0.04), (0.03, 0.06, 0.16), (0.3, 0.2, 0.03))), 0.15, 5, 0.5)
        for k in range(site.random.choice((1, 2))):
            at = k * 0.68
            shape.prism([(-0.26, 0.05), (0.24, 0.05), (0.32, 0.98), (-0.32, 0.98)], 0, at - 0.28, at + 0.28, body)
            shape.box((at, 0.0, 1.01), (0.62, 0.72, 0.07), dark(site))
            for side in (-1, 1):
                shape.lathe([(0.01, -0.03), (0.1, -0.03), (0.1, 0.03), (0.01, 0.03)], dark(site), 14, (at + side * 0.27, 0.24, 0.1), 0)
        site.put(shape, x, y, turn=site.draw(-0.4, 0.4))
        if site.random.random() < 0.5:
            return
    _bags(site, x - math.copysign(0.5, x), y - 0.1)


def _bags(site, x, y):
    shape, skin = Shape("bags"), m.material("bin bag", site.random.choice(((0.012, 0.012, 0.014), (0.05, 0.08, 0.2), (0.45, 0.45, 0.43))), 0.3)
    for _ in range(site.random.randint(2, 5)):
        r = site.draw(0.2, 0.32)
        at = (site.draw(-0.35, 0.35), site.draw(-0.3, 0.3), r * 0.75)
        shape.ball(at, (r, r * site.draw(0.8, 1.1), r * 0.85), skin, 7, 11)
        shape.ball((at[0], at[1], at[2] + r * 0.9), (0.05, 0.05, 0.1), skin, 4, 7)
    site.put(shape, x, y)


def _sign_board(site, x, y):
    colour = site.random.choice(((0.03, 0.035, 0.03), (0.6, 0.5, 0.1), (0.55, 0.06, 0.05), (0.7, 0.7, 0.66), (0.05, 0.2, 0.4)))
    face, frame, chalk = m.material("board face", colour, 0.5), wood(site), m.material("chalk", (0.75, 0.74, 0.68), 0.8)
    shape = Shape("sign board")
    for side in (-1, 1):
        def at(height, out):
            return side * (0.3 - 0.28 * height / 1.1 + out), height
        for low, high, wide, material, out in ((0.0, 1.1, 0.68, frame, 0.0), (0.16, 1.02, 0.56, face, 0.012)):
            (y0, z0), (y1, z1) = at(low, out), at(high, out)
            shape.add([(-wide / 2, y0, z0), (wide / 2, y0, z0), (wide / 2, y1, z1), (-wide / 2, y1, z1)], [(0, 1, 2, 3)], material)
        for k in range(5):
            wide, (y0, z0), (y1, z1) = site.draw(0.2, 0.42), at(0.9 - 0.16 * k, 0.016), at(0.95 - 0.16 * k, 0.016)
            shape.add([(-wide / 2, y0, z0), (wide / 2, y0, z0), (wide / 2, y1, z1), (-wide / 2, y1, z1)], [(0, 1, 2, 3)], chalk)
    site.put(shape, x, y, turn=site.draw(-0.4, 0.4))


def _barrier(site, x, y):
    kind = site.random.randrange(3)
    if kind != 1:
        site.put(barrier(site.draw(1.4, 2.2)), x * 0.6, y + 0.4, turn=site.draw(-0.2, 0.2))
    if kind != 0:
        shape = cone()
        for k in range(site.random.randint(2, 5)):
            site.put(shape, x * 0.8 + site.draw(-0.2, 0.2) + (k % 2) * 0.7 * (-1 if x > 0 else 1), y - 0.4 + 0.55 * k, turn=site.draw(0, 6))


def _bench(site, x, y):
    if site.random.random() < 0.65:
        slat, metal = wood(site), dark(site)
        parts = [((0, dy, 0.45), (1.7, 0.11, 0.045), slat) for dy in (-0.2, -0.07, 0.06)]
        parts += [((0, 0.17 + dz * 0.12, 0.55 + dz), (1.7, 0.035, 0.11), slat) for dz in (0.05, 0.2, 0.35)]
        parts += [((dx, dy, h / 2), (0.06, 0.05, h), metal) for dx in (-0.7, 0.7) for dy, h in ((-0.2, 0.45), (0.2, 0.85))]
        parts += [((dx, -0.02, 0.66), (0.05, 0.45, 0.04), metal) for dx in (-0.72, 0.72)]
        boxes(site, "bench", parts, x, y + 0.3, turn=site.draw(-0.3, 0.3) + (0.0 if site.half < 1 or site.random.random() < 0.5 else math.copysign(math.pi / 2, -x)))
        return
    red = m.material("hydrant", site.random.choice(((0.5, 0.02, 0.015), (0.55, 0.35, 0.02))), 0.4)
    shape = Shape("hydrant")
    shape.lathe([(0.17, 0), (0.17, 0.06), (0.11, 0.09), (0.11, 0.55), (0.15, 0.57), (0.15, 0.62), (0.12, 0.68), (0.04, 0.77), (0.03, 0.82), (0.005, 0.83)], red, 20)
    shape.tube([(-0.2, 0, 0.42), (0.2, 0, 0.42)], 0.06, red)
    shape.tube([(0, -0.2, 0.38), (0, 0, 0.38)], 0.075, red)
    site.put(shape, x, y, scale=1.1)


def _branch(site, x, y):
    side = math.copysign(1, x)
    tag = [("obstacle", "branch_or_bush")]
    if site.random.random() < 0.55:
        for k in range(site.random.randint(1, 3)):
            site.put(bush(site.random, leaf(site)), x + side * 0.15 * k, y + 0.7 * k, turn=site.draw(0, 6), scale=site.draw(0.8, 1.25), tags=tag)
        return
    shape, bark = Shape("branch"), m.mottled("bark", (0.09, 0.065, 0.045), 0.4, 10)
    out = side * min(site.half + 0.6, 2.6)
    for k in range(4):
        a, b = (out, y + 0.3 * k, 2.0 + 0.12 * k), (-side * site.draw(0.0, 0.5), y + site.draw(-0.5, 0.6), site.draw(1.05, 1.75))
        middle = [(p + q) / 2 + (0.15 if i == 2 else 0) for i, (p, q) in enumerate(zip(a, b))]
        shape.tube([a, middle, b], [0.06, 0.035, 0.012], bark, 7)
        bush(site.random, leaf(site), shape, middle, 0.4, 170)
        bush(site.random, leaf(site), shape, b, 0.42, 230)
    shape.tube([(out, y + 0.4, 0), (out, y + 0.4, 3.5)], 0.12, bark)
    site.put(shape, 0, 0, tags=tag)


def _gate(site, x, y):
    metal, bars = dark(site), site.random.random() < 0.6 and site.ask.place != "indoors"
    if not bars and (site.ask.place == "indoors" or site.random.random() < 0.5):
        parts = [((0, 0, 1.03), (0.95, 0.06, 2.06), m.material("paint", (0.3, 0.14, 0.06), 0.4)), ((0.38, -0.05, 1.05), (0.12, 0.06, 0.03), steel(site)),
                 ((-0.5, 0, 1.05), (0.09, 0.2, 2.12), wood(site)), ((0.5, 0, 1.05), (0.09, 0.2, 2.12), wood(site)), ((0, 0, 2.13), (1.1, 0.2, 0.1), wood(site))]
        boxes(site, "door", parts, x * 0.5, y + 0.8)
        return
    shape = Shape("gate")
    width = min(site.half, 1.7)
    for k in range(int(2 * width / 0.14)):
        shape.box((-width + 0.07 + 0.14 * k, y + 1, 0.62), (0.025, 0.025, 1.15), metal)
    for z in (0.12, 1.12):
        shape.box((0, y + 1, z), (2 * width, 0.04, 0.05), metal)
    for side in (-1, 1):
        shape.box((side * (width + 0.1), y + 1, 0.7), (0.18, 0.18, 1.4), concrete(site))
    site.put(shape, 0, 0)


def _manhole(site, x, y):
    if site.asks("surface", "indoor_floor") or site.random.random() < 0.55:
        iron, rim = m.mottled("iron", (0.075, 0.07, 0.068), 0.4, 40, 0.55), m.mottled("stone rim", (0.3, 0.29, 0.27), 0.2, 20)
        shape = Shape("manhole")
        shape.lathe([(0.01, LAID), (0.46, LAID), (0.46, 0)], rim, 30)
        shape.lathe([(0.01, LAID + 0.006), (0.36, LAID + 0.006), (0.36, 0)], iron, 30)
        for i in range(-3, 4):
            for j in range(-3, 4):
                if math.hypot(i, j) < 3.3:
                    shape.box((0.095 * i, 0.095 * j, LAID + 0.008), (0.05, 0.05, 0.012), iron, 0.78 * ((i + j) % 2))
        site.put(shape, x * 0.7, min(y, 4.2 + site.ask.further), scale=site.draw(1.0, 1.25))
        return
    hole, rim = m.mottled("pothole", (0.02, 0.017, 0.014), 0.5, 12), m.mottled("pothole rim", (0.11, 0.095, 0.08), 0.6, 22)
    at, radii = (x * 0.6, min(y, 4.0 + site.ask.further)), (site.draw(0.4, 0.7), site.draw(0.32, 0.5))
    site.put(blob(site.random, "pothole", at, (radii[0] * 1.3, radii[1] * 1.35), site.z + LAID, rim, 0.5), 0, 0, 0)
    site.put(blob(site.random, "pothole", at, radii, site.z + LAID + 0.003, hole, 0.5), 0, 0, 0)
    rubble = Shape("pothole")
    for _ in range(14):
        a, r, size = site.draw(0, 6.28), site.draw(0.9, 1.5), site.draw(0.03, 0.09)
        rubble.ball((at[0] + radii[0] * r * math.cos(a), at[1] + radii[1] * r * math.sin(a), size * 0.3), (size, size, size * 0.6), rim, 4, 6)
    site.put(rubble, 0, 0)


def stall(site, x, y, turn=0.0, wide=2.2):
    """A table of goods under a striped roof."""
    cloth, post = striped(site), wood(site)
    shape = Shape("stall")
    shape.box((0, 0, 0.8), (wide, 0.9, 0.06), post)
    shape.box((0, -0.42, 0.42), (wide, 0.03, 0.76), cloth)
    for dx in (-wide / 2 + 0.06, wide / 2 - 0.06):
        for dy, high in ((-0.55, 2.05), (0.55, 2.35)):
            shape.box((dx, dy, high / 2), (0.05, 0.05, high), post)
    shape.prism([(-0.95, 1.95), (0.8, 2.4), (0.8, 2.45), (-0.95, 2.0)], 0, -wide / 2 - 0.15, wide / 2 + 0.15, cloth)
    shape.box((0, -0.95, 1.87), (wide + 0.3, 0.02, 0.22), cloth)
    for k in range(int(wide / 0.42)):
        colour = site.random.choice(((0.55, 0.05, 0.02), (0.6, 0.35, 0.02), (0.12, 0.3, 0.03), (0.5, 0.45, 0.05), (0.25, 0.03, 0.12)))
        goods = m.material("goods", colour, 0.5)
        at = -wide / 2 + 0.24 + 0.42 * k
        shape.box((at, -0.1, 0.87), (0.38, 0.6, 0.1), post)
        for i in range(7):
            shape.ball((at + site.draw(-0.13, 0.13), -0.1 + site.draw(-0.24, 0.24), 0.95), (0.065, 0.065, 0.06), goods, 5, 8)
    return site.put(shape, x, y, turn=turn)


def _stall(site, x, y):
    if site.random.random() < 0.55:
        stall(site, math.copysign(max(abs(x), min(site.half, 1.5)), x), y + 0.9, math.copysign(site.draw(0.0, 1.4), x), 1.8)
        return
    shape, body, wheel = Shape("cart"), painted(site), dark(site)
    shape.box((0, 0, 0.75), (1.3, 0.75, 0.6), body)
    shape.box((0, 0, 1.08), (1.4, 0.85, 0.05), steel(site))
    for side in (-1, 1):
        shape.lathe([(0.26, -0.03), (0.32, -0.03), (0.32, 0.03), (0.26, 0.03)], wheel, 20, (-0.3, side * 0.42, 0.32), 1)
        shape.tube([(0.6, side * 0.3, 0.8), (1.15, side * 0.3, 0.95)], 0.025, steel(site))
    shape.tube([(0, 0, 1.0), (0, 0, 2.2)], 0.025, steel(site))
    cloth = painted(site, 0.9)
    shape.lathe([(0.01, 2.35), (0.95, 1.95), (0.95, 1.92), (0.01, 2.32)], cloth, 10)
    site.put(shape, x, y + 0.5, turn=site.draw(0, 6.28))


def _animal(site, x, y):
    if site.ask.place in ("country_road", "open_land", "park", "yard_or_driveway") and site.random.random() < 0.5:
        site.put(cow(site), x * 0.5, y + 1.6, turn=site.draw(-0.5, 0.5) + site.random.choice((0, math.pi)))
    else:
        site.put(dog(site.random), x * 0.7, min(y, 4.4 + site.ask.further), turn=site.draw(0, 6.28), scale=site.draw(1.0, 1.35))


def _wall(site, x, y):
    side, kind = math.copysign(1, x), site.random.randrange(3)
    if kind == 0:
        brick, cap = m.bricks((0.36, 0.14, 0.09)), concrete(site)
        middle, long = side * site.half * 0.3, site.half * 1.5
        boxes(site, "wall", [((middle, y + 1, 0.5), (long, 0.24, 1.0), brick), ((middle, y + 1, 1.04), (long + 0.1, 0.32, 0.08), cap)])
    elif kind == 1:
        parts = [((-site.half + 0.09 + 0.18 * k, y + 1.2, 0.7), (0.14, 0.03, 1.4), wood(site)) for k in range(int(2 * site.half / 0.18))]
        parts += [((0, y + 1.24, z), (2 * site.half, 0.04, 0.1), wood(site)) for z in (0.35, 1.1)]
        boxes(site, "fence", parts)
    else:
        metal = steel(site)
        parts = [((-site.half + 0.12 * k, y + 1.0, 1.0), (0.012, 0.012, 1.9), metal) for k in range(int(2 * site.half / 0.12))]
        parts += [((0, y + 1.0, 0.1 + 0.22 * k), (2 * site.half, 0.012, 0.012), metal) for k in range(9)]
        parts += [((dx, y + 1.0, 1.0), (0.05, 0.05, 2.0), metal) for dx in (-site.half, 0, site.half)]
        boxes(site, "mesh fence", parts)


def rubble(site, x, y, size=1.25):
    """A heap of stones, bricks and dust."""
    shape, dust = Shape("rubble"), m.mottled("dust", (0.26, 0.23, 0.19), 0.4, 8)
    stones = [m.mottled("broken", colour, 0.3, 10) for colour in ((0.36, 0.34, 0.31), (0.3, 0.12, 0.08), (0.2, 0.19, 0.18))]
    shape.ball((0, 0, 0), (0.7 * size, 0.6 * size, 0.28 * size), dust, 8, 14)
    for _ in range(46):
        a, r = site.draw(0, 6.28), site.draw(0, 1) ** 0.7 * 0.85 * size
        high = max(0.0, 0.34 * size * (1 - r / (0.8 * size)))
        part = site.draw(0.07, 0.2) * size
        at = (r * math.cos(a), r * math.sin(a), high + part * 0.25)
        shape.box(at, (part * 1.4, part, part * 0.7), site.random.choice(stones), site.draw(0, 3), site.draw(-0.6, 0.6))
    site.put(shape, x, y)


MAKERS = {
    "parked_car": _parked_car, "bicycle_or_scooter": _bicycle, "pole_or_bollard": _pole, "bin_or_bags": _bin, "sign_board": _sign_board,
    "barrier_or_cones": _barrier, "bench_or_hydrant": _bench, "branch_or_bush": _branch, "door_or_gate": _gate,
    "manhole_or_pothole": _manhole, "stall_or_cart": _stall, "animal": _animal,
    "wall_or_fence": _wall, "rubble": rubble,
}
