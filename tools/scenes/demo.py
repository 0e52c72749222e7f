"""The demonstration walk: its street, its route, and what is to be found along it.

The walker starts on the right-hand pavement (x > 0), heads along +y, turns left over the zebra crossing, goes on along the left-hand
pavement around road works, and turns left again into a gap between houses where stairs go up.
"""

import math
from random import Random

from . import materials as m
from . import stage
from .buildings import Houses, garden_wall
from .greenery import hedge, tree
from .mesh import Shape
from .path import Stop, Walk, metres_at, rounded
from .people import person
from .street import KERB, centre_line, pavement, road, steps_up, zebra
from .things import Cars, barrier, cone, crossing_sign, lamp_post, works
from .truth import Target, grid

TITLE = "Demonstration walk: a zebra crossing, road works on the pavement, stairs"
START = "2026-05-12T10:30:00+02:00"
SECONDS, RATE = 50.0, 5
COMPLETE = ("place", "crossing")
"""Facets of which the truth tells everything."""

HALF = 3.75
RIGHT, LEFT = 5.25, 4.0
NEAR, FAR = -14.0, 76.0
CROSSING, CROSSING_LENGTH = 11.0, 4.0
DROPPED = (CROSSING - 2.4, CROSSING + 2.4)
WORKS = 26.0
GAP = (32.6, 39.4)
FOOT, STAIRS_WIDTH, STEPS, RISE, TREAD = -15.3, 5.2, 14, 0.165, 0.34
TOP = KERB + STEPS * RISE


def ground(x, y):
    """Height of what the walker stands on."""
    if abs(x) < HALF:
        return 0.0
    if DROPPED[0] < y < DROPPED[1]:
        return KERB * min(1.0, (abs(x) - HALF) / 1.25)
    return KERB


def surface(x, y):
    """`paved sidewalk` or `asphalt`."""
    return "asphalt" if abs(x) < HALF else "paved sidewalk"


def walk():
    """The route, with a wait at the kerb and a halt before the barrier."""
    middle = (GAP[0] + GAP[1]) / 2
    points = rounded([(6.0, -0.6, 0), (6.0, 1.2, 3.0), (7.4, 6.0, 3.0), (7.4, CROSSING, 2.2), (-5.8, CROSSING, 1.9), (-5.8, WORKS - 2.3, 1.3), (-4.3, WORKS - 0.6, 1.4), (-4.3, WORKS + 3.4, 1.4),
                      (-5.8, WORKS + 5.2, 1.3), (-5.8, middle, 2.0), (FOOT + 1.7, middle, 0)])
    stops = [Stop(metres_at(points, HALF + 0.6, CROSSING), 2.0), Stop(metres_at(points, -5.8, WORKS - 2.9), 1.0)]
    return Walk(points, stops, ground, speed=1.36)


def build(scene, seed=7):
    """Everything in the street; gives the targets that the truth is computed from."""
    random = Random(seed)
    stage.daylight(scene, math.radians(51), math.radians(-24))
    grey, kerb = m.paving(), m.stone_blocks()
    stone = m.mottled("stone steps", (0.27, 0.255, 0.225), 0.28, 4)
    nosing = m.mottled("nosing", (0.42, 0.4, 0.355), 0.2, 5)
    metal = m.material("handrail", (0.35, 0.36, 0.37), 0.3, metal=0.9)
    paint = m.road_paint()

    road(HALF, NEAR, FAR)
    centre_line(NEAR, FAR, (CROSSING - 3.5, CROSSING + 3.5), paint)
    for side, width in ((1, RIGHT), (-1, LEFT)):
        pavement(side, HALF, width, NEAR, FAR, grey, kerb, DROPPED)
    crossing = zebra(HALF, CROSSING, CROSSING_LENGTH, paint)
    _houses(random, grey, stone)
    stairs = steps_up(FOOT, (GAP[0] + GAP[1]) / 2, STEPS, STAIRS_WIDTH, RISE, TREAD, stone, nosing, metal)
    _green(random)
    _furniture()
    cars = _cars()
    blocked = _works()
    _people(random)
    return _targets(crossing, blocked, stairs, cars)


def _houses(random, paving, stone):
    houses = Houses(random)
    x = HALF + RIGHT
    y = NEAR
    while y < FAR:
        width = random.uniform(6.5, 9.5)
        houses.house(1, x + 2.6, y, width)
        y += width + (0.0 if random.random() < 0.6 else 2.0)
    garden_wall(x + 0.11, NEAR, FAR, houses.brick[0], houses.stone)
    x = -HALF - LEFT
    for a, b in ((NEAR, GAP[0]), (GAP[1], FAR)):
        count = round((b - a) / 7.8)
        for k in range(count):
            houses.house(-1, x, a + (b - a) * k / count, (b - a) / count, depth=8.6)
    far = houses.house(1, 0, -13, 26, 3)
    far.location, far.rotation_euler = (0, FAR + 4, 0), (0, 0, math.pi / 2)

    land = Shape("land")
    grass = m.mottled("grass", (0.06, 0.12, 0.025), 0.5, 3)
    land.box((x - 20, (GAP[0] + GAP[1]) / 2, KERB / 2 - 0.1), (40, GAP[1] - GAP[0], KERB + 0.2), paving)
    land.box((HALF + RIGHT + 10, 30, 0.0), (20, 100, 0.2), grass)
    land.box((-30, 30, -0.1), (44, 120, 0.2), grass)
    back = FOOT - STEPS * TREAD
    land.box((back - 15, 36, TOP / 2), (30, 44, TOP - 0.01), stone)
    for a, b in ((20, GAP[0] + 0.3), (GAP[1] - 0.3, 52)):
        land.box(((x - 8.6 + back) / 2 - 0.1, (a + b) / 2, TOP / 2 + 0.3), (back - x + 8.6, b - a, TOP + 0.6), stone)
    land.place()
    houses.house(-1, back - 9, 24, 9, z=TOP)
    houses.house(-1, back - 9, 33, 8, z=TOP)
    houses.house(-1, back - 9, 41, 9, z=TOP)


def _green(random):
    leaf, dark = m.leaves((0.075, 0.17, 0.025)), m.leaves((0.04, 0.1, 0.02))
    bark = m.mottled("bark", (0.1, 0.075, 0.05), 0.4, 10)
    trees = [tree(random, leaf, bark, random.uniform(6, 7.2)) for _ in range(3)]
    earth = Shape("tree pit")
    earth.box((0, 0, 0.004), (1.0, 1.0, 0.02), m.mottled("pit", (0.05, 0.035, 0.022), 0.4, 8))
    right, left = HALF + 0.95, -HALF - 0.85
    spots = [(right, y) for y in (-4.0, 4.6, 17.5, 26.0, 34.5, 44.0, 54.0, 64.0)] + [(left, y) for y in (0.5, 17.2, 42.0, 50.5, 60.0, 68.0)]
    for i, (x, y) in enumerate(spots):
        earth.place(x, y, KERB)
        trees[i % 3].place(x, y, KERB, random.uniform(0, 6.28), random.uniform(0.9, 1.1))
    for x, y in ((-9, FAR - 1), (-3, FAR + 1), (4, FAR), (10, FAR - 2)):
        trees[0].place(x, y, 0, random.uniform(0, 6.28), 1.25)
    back = FOOT - STEPS * TREAD
    for x, y in ((back - 3.5, GAP[0] - 1.2), (back - 4, GAP[1] + 1.5)):
        trees[1].place(x, y, TOP, random.uniform(0, 6.28), 0.9)
    length = hedge(random, dark, 6.0)
    for y in (-13.0, -4.0, 3.0, 9.5, 18.0, 24.5, 33.0, 41.0):
        length.place(HALF + RIGHT + 0.6, y, 0.1)
    for y in (GAP[0] - 6.5, GAP[1] + 0.6):
        length.place(back - 0.3 + 1.5, y, TOP + 0.5)


def _furniture():
    for side, places in ((1, (8.0, 30.0, 50.0)), (-1, (15.2, 38.5, 58.0))):
        post = lamp_post(side)
        for y in places:
            post.place(side * (HALF + 0.4), y, KERB)
    sign = crossing_sign()
    sign.place(HALF + 0.45, CROSSING + 2.9, KERB)
    sign.place(-HALF - 0.45, CROSSING - 2.9, KERB)


def _cars():
    cars = Cars()
    parked = [(-2.75, y, k) for k, y in enumerate((-6.0, -0.6, 4.6, 19.5, 25.3, 31.2, 44.0, 50.0, 57.0, 66.0))]
    parked += [(2.75, y, k + 3) for k, y in enumerate((-5.0, 0.9, 6.0, 19.0, 24.6, 31.5, 37.3, 48.0, 55.0, 63.0))]
    return [cars.place(x + 0.06 * math.sin(5 * y), y, math.copysign(math.pi / 2, x), k) for x, y, k in parked]


def _works():
    middle = -HALF - LEFT + 1.3
    boards, cones = barrier(), cone()
    made = [boards.place(middle, WORKS, KERB)]
    boards.place(middle + 0.05, WORKS + 3.4, KERB, math.pi)
    spots = [(-4.98, 0.0), (-5.75, -0.62), (-6.6, -0.7), (-7.35, -0.5), (-4.95, 1.2), (-4.98, 2.3), (-5.05, 3.5)]
    for i, (x, y) in enumerate(spots):
        placed = cones.place(x, WORKS + y, KERB, 0.7 * math.sin(4.1 * i), tilt=0.02 * math.sin(7.0 * i))
        if i < 4:
            made.append(placed)
    works(2.0, 2.6).place(middle, WORKS + 0.4, KERB)
    return made


def _people(random):
    ahead, back = math.pi / 2, -math.pi / 2
    walkers = [(5.9, 9.0 + 8.5, ahead, 0.33), (6.6, 26.0, back, 0.3), (-7.0, 18.6, back, 0.32), (-6.9, 44.6, 0.4, 0.0), (-6.2, 44.9, 3.4, 0.0),
               (-6.9, 7.2, back, 0.3), (8.3, 34.0, ahead, 0.3), (-5.2, 53.0, back, 0.33)]
    for x, y, turn, stride in walkers:
        person(random, stride).place(x, y, KERB, turn, random.uniform(0.94, 1.06))
    person(random, 0.3).place(FOOT - STEPS * TREAD - 2.5, 37.6, TOP, -0.2)


def _targets(crossing, blocked, stairs, cars):
    middle = (GAP[0] + GAP[1]) / 2
    treads = [(FOOT - k * TREAD, y, KERB + (k + 0.5) * RISE) for k in range(0, STEPS, 2) for y in (middle - 2, middle - 0.7, middle + 0.7, middle + 2)]
    front = [(x, WORKS - 0.03, KERB + z) for x in (-7.4, -6.8, -6.2, -5.6) for z in (0.42, 0.93)] + [(x, WORKS - 0.65, KERB + 0.5) for x in (-7.35, -6.6, -5.75)]
    found = [Target("zebra crossing", "crossing", "zebra crossing", grid((-3.3, 3.3), (CROSSING - 1.8, CROSSING + 1.8), 0.02), [crossing]),
             Target("cones and barrier blocking the pavement", "obstacle", "barrier or cones", front, blocked),
             Target("steps going up", "surface", "steps up", treads, [stairs])]
    for car in cars:
        x, y = car.location[:2]
        found.append(Target("parked car", "obstacle", "parked car", [(x + a, y + b, z) for a in (-0.85, 0.85) for b in (-1.9, -0.7, 0.7, 1.9) for z in (0.5, 0.85)], [car]))
    return found
