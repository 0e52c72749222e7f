"""Clothed figures of round limbs, alone, in crowds, on bicycles; and dogs."""

import math

from . import materials as m
from .mesh import Shape
from .vehicles import wheels_and_frame

SKINS = [(0.6, 0.36, 0.26), (0.3, 0.16, 0.1), (0.12, 0.06, 0.04), (0.5, 0.3, 0.2)]
CLOTHES = [(0.03, 0.04, 0.09), (0.3, 0.03, 0.03), (0.5, 0.48, 0.42), (0.04, 0.12, 0.1), (0.08, 0.08, 0.085), (0.35, 0.22, 0.06), (0.1, 0.2, 0.4)]
HAIR = [(0.012, 0.008, 0.006), (0.08, 0.04, 0.02), (0.3, 0.2, 0.09), (0.35, 0.34, 0.33)]


def person(random, stride=0.0):
    """Someone who looks along +x; `stride` is how far the feet are apart, 0 for standing, 0.35 for walking."""
    cloth = lambda name: m.mottled(name, random.choice(CLOTHES), 0.2, 25, 0.95)
    skin = m.material("skin", random.choice(SKINS), 0.55)
    hair, coat, trousers = m.material("hair", random.choice(HAIR), 0.7), cloth("coat"), cloth("trousers")
    shoe = m.material("shoe", (0.02, 0.018, 0.016), 0.5)
    shape = Shape("person")
    for side in (-1, 1):
        foot, swing = side * stride, -side * stride
        lift = 0.08 * stride if side < 0 else 0.0
        knee = (foot * 0.5 + 0.04 * (stride > 0), side * 0.095, 0.5)
        shape.tube([(0, side * 0.09, 0.95), (0, side * 0.095, 0.88), knee, (foot, side * 0.1, 0.1 + lift)], [0.1, 0.095, 0.068, 0.05], trousers, 14)
        shape.ball((foot + 0.06, side * 0.105, 0.045 + lift), (0.135, 0.048, 0.05), shoe)
        hand = (0.04 + swing * 0.8, side * 0.27, 0.83)
        elbow = (swing * 0.35 - 0.03, side * 0.265, 1.1)
        shape.tube([(0, side * 0.17, 1.43), (0, side * 0.215, 1.38), elbow, hand], [0.05, 0.062, 0.05, 0.038], coat, 12)
        shape.ball((hand[0] + 0.01, hand[1], hand[2] - 0.06), (0.042, 0.028, 0.075), skin)
    torso = [(0.82, 0.17, 0.12), (0.95, 0.175, 0.125), (1.08, 0.155, 0.115), (1.25, 0.175, 0.125), (1.38, 0.185, 0.115), (1.45, 0.13, 0.085), (1.49, 0.06, 0.06)]
    shape.loft([[(d * math.cos(a), w * math.sin(a), z) for a in (math.tau * i / 24 for i in range(24))] for z, w, d in torso], coat)
    shape.tube([(0, 0, 1.44), (0.01, 0, 1.58)], 0.055, skin)
    shape.ball((0.025, 0, 1.65), (0.095, 0.075, 0.12), skin, 14, 20)
    shape.ball((0.0, 0, 1.685), (0.1, 0.085, 0.1), hair, 14, 20)
    shape.ball((0.122, 0, 1.63), (0.02, 0.014, 0.025), skin, 6, 8)
    if random.random() < 0.5:
        shape.ball((-0.17, 0, 1.2), (0.09, 0.14, 0.22), cloth("rucksack"))
    return shape


def _umbrella(shape, random):
    """An open umbrella over a person's head."""
    cloth, stick = m.material("umbrella", random.choice(CLOTHES + [(0.5, 0.4, 0.03), (0.02, 0.02, 0.025)]), 0.6), m.material("stick", (0.02, 0.02, 0.02), 0.5)
    shape.tube([(0.1, -0.25, 0.9), (0.1, -0.2, 2.1)], 0.012, stick, 6)
    shape.lathe([(0.01, 2.15), (0.25, 2.1), (0.46, 1.98), (0.6, 1.82), (0.59, 1.81), (0.45, 1.95), (0.01, 2.1)], cloth, 10, (0.1, -0.2, 0))


def cyclist(site):
    """Someone who rides a bicycle along +x: the bicycle and its rider, two shapes."""
    random, rider = site.random, Shape("rider")
    cloth = lambda name: m.mottled(name, random.choice(CLOTHES), 0.2, 25, 0.95)
    coat, trousers, skin = cloth("coat"), cloth("trousers"), m.material("skin", random.choice(SKINS), 0.55)
    shoe, helmet = m.material("shoe", (0.02, 0.018, 0.016), 0.5), m.material("helmet", random.choice(CLOTHES), 0.3)
    for side, foot in ((-1, (0.02, 0.2)), (1, (-0.14, 0.45))):
        knee = (0.16, side * 0.12, 0.62 + foot[1] * 0.25)
        rider.tube([(-0.24, side * 0.08, 1.0), knee, (foot[0], side * 0.11, foot[1])], [0.1, 0.08, 0.05], trousers, 11)
        rider.ball((foot[0] + 0.06, side * 0.11, foot[1] - 0.04), (0.13, 0.05, 0.05), shoe, 6, 10)
        rider.tube([(0.08, side * 0.18, 1.45), (0.16, side * 0.26, 1.2), (0.3, side * 0.25, 1.05)], [0.06, 0.05, 0.04], coat, 10)
    rider.tube([(-0.26, 0, 0.96), (-0.15, 0, 1.2), (0.06, 0, 1.48)], [0.15, 0.17, 0.14], coat, 16)
    rider.ball((0.16, 0, 1.68), (0.1, 0.08, 0.12), skin, 10, 14)
    rider.ball((0.14, 0, 1.74), (0.13, 0.1, 0.09), helmet, 8, 14)
    return wheels_and_frame(Shape("bicycle"), site), rider


def dog(random):
    """A dog that stands along +x."""
    coat = m.mottled("coat", random.choice(((0.18, 0.09, 0.03), (0.03, 0.025, 0.02), (0.45, 0.36, 0.24), (0.3, 0.3, 0.3))), 0.3, 16)
    shape, black = Shape("dog"), m.material("nose", (0.01, 0.01, 0.01), 0.4)
    shape.tube([(-0.32, 0, 0.46), (-0.1, 0, 0.46), (0.2, 0, 0.47), (0.32, 0, 0.5)], [0.11, 0.12, 0.145, 0.11], coat, 14)
    shape.tube([(0.28, 0, 0.53), (0.4, 0, 0.68)], [0.1, 0.075], coat, 11)
    shape.ball((0.46, 0, 0.72), (0.12, 0.085, 0.09), coat, 8, 12)
    shape.tube([(0.5, 0, 0.7), (0.64, 0, 0.67)], [0.06, 0.04], coat, 9)
    shape.ball((0.65, 0, 0.68), (0.022, 0.025, 0.02), black, 5, 8)
    for side in (-1, 1):
        shape.ball((0.42, side * 0.08, 0.76), (0.03, 0.02, 0.075), coat, 6, 8)
        for x, lean in ((-0.3, -0.04), (0.24, 0.03)):
            shape.tube([(x, side * 0.075, 0.42), (x + lean, side * 0.08, 0.22), (x, side * 0.08, 0.02)], [0.065, 0.038, 0.03], coat, 8)
            shape.ball((x + 0.03, side * 0.08, 0.025), (0.05, 0.03, 0.025), coat, 5, 8)
    shape.tube([(-0.4, 0, 0.5), (-0.55, 0, 0.62), (-0.6, 0, 0.76)], [0.035, 0.025, 0.012], coat, 7)
    return shape


def build(site):
    """The people whom the request asks for."""
    asked = site.ask.facets["people"]
    if "crowd" in asked:
        walkers(site, site.random.randint(18, 26), 3.2, 13.0)
    elif "few" in asked:
        walkers(site, site.random.randint(1, 3), 3.0, 8.5)
    if "cyclist" in asked:
        _ride(site)


def walkers(site, count, near, far):
    """Figures on the way and beside it, each clear of the others."""
    random, taken = site.random, []
    wet = site.ask.weather in ("rain", "snow") and site.ask.place not in ("indoors", "tunnel")
    shapes = []
    for _ in range(min(count, 5)):
        shape = person(random, random.choice((0.0, 0.3, 0.33)))
        if wet and random.random() < 0.55:
            _umbrella(shape, random)
        shapes.append(shape)
    reach = max(site.half - 0.3, 1.0) if count < 5 or site.foot is not None or site.width < 4 else max(site.half, 2.4)
    for _ in range(count * 14):
        y = near + (far - near) * random.random() ** 0.8
        x = random.uniform(-1, 1) * min(reach, 0.5 * y + 0.2)
        if len(taken) == count:
            break
        on_road = site.cut is not None and site.cut[0] < y < site.cut[1]
        if all(math.dist((x, y), other) > 0.62 for other in taken) and not (on_road and abs(x) > site.half):
            taken.append((x, y))
            turn = random.choice((1, -1)) * math.pi / 2 + random.uniform(-0.5, 0.5)
            site.put(shapes[len(taken) % len(shapes)], x, y, site.height(y), turn, scale=random.uniform(0.92, 1.06), tags=[("people", "few")])


def _ride(site):
    """One who rides along the cycle lane, the road, the crossing road or the way itself."""
    random, z = site.random, site.z
    y = site.draw(4.5, 8.0) if site.foot is None else min(3.0, site.foot - 1.0)
    turn = random.choice((1, -1)) * math.pi / 2
    if site.lane:
        x = sum(site.lane) / 2
    elif site.road and (site.down or not site.cut):
        x, y = site.road[0] + 0.9, site.draw(5.0, 9.0)
    elif site.cut:
        x, y, turn, z = site.draw(-2.5, 2.5), sum(site.cut) / 2 - 0.6, random.choice((0.0, math.pi)), 0.0 if site.raised else site.z
    else:
        x = site.outer + 0.8 if site.down else random.choice((-1, 1)) * min(site.half * 0.6, 1.2)
        y = 5.5 if site.down else y
    for shape in cyclist(site):
        site.put(shape, x, y, z, turn, tags=[("people", "cyclist")])
