"""What drives or is ridden: cars, vans, buses, trams, trains, bicycles, scooters; and a cow."""

import math

from . import materials as m
from .mesh import Shape
from .things import PAINTS, Cars


def car(site):
    """A car of a random colour that heads along +x."""
    colours = site.keep("car colours", lambda: site.random.sample(range(len(PAINTS)), 3))
    return site.keep("cars", Cars).shape(site.random.choice(colours))


def _lamp(x):
    """The lamp of an end: white in front, red behind."""
    return m.material("head lamp", (0.75, 0.77, 0.8), 0.1) if x > 0 else m.material("tail lamp", (0.4, 0.01, 0.01), 0.15)


def _wheels(shape, xs, half, radius=0.5):
    tyre, rim = m.material("tyre", (0.015, 0.015, 0.015), 0.85), m.material("rim", (0.4, 0.4, 0.42), 0.35, metal=0.8)
    for x in xs:
        for side in (-1, 1):
            shape.lathe([(0.01, side * 0.02), (radius, side * 0.02), (radius, -side * 0.28)], tyre, 22, (x, side * half, radius), 1)
            shape.lathe([(0.01, side * 0.03), (radius * 0.55, side * 0.025)], rim, 16, (x, side * half, radius), 1)


def _coach(shape, at, length, width, floor, height, paint, glass, trim, nose=0.15):
    """A long body with rounded corners and a band of windows, its middle at x = `at`; heads along +x."""
    half, end = width / 2, length / 2
    low, high = floor + (height - floor) * 0.38, floor + (height - floor) * 0.8

    def ring(x, inset, drop):
        w, x = half - inset, x + at
        top = height - drop
        return [(x, y, z) for y, z in ((-w, floor), (w, floor), (w, top - 0.25), (w - 0.25, top), (-w + 0.25, top), (-w, top - 0.25))]
    shape.loft([ring(-end, 0.12, 0.1), ring(-end + nose, 0.0, 0.0), ring(end - 2.2 * nose, 0.0, 0.0), ring(end, 0.14, 0.12)], paint, smooth=False)
    count = max(3, int(length / 1.5))
    for side in (-1, 1):
        for k in range(count):
            x = at - end + 0.35 + (length - 0.7) * (k + 0.5) / count
            shape.box((x, side * half, (low + high) / 2), ((length - 0.7) / count - 0.12, 0.03, high - low), glass)
        shape.box((at, side * half, floor + 0.16), (length - 0.6, 0.03, 0.3), trim)
        shape.box((at + end - 1.2, side * half, floor + (high - floor) / 2 + 0.05), (1.0, 0.035, high - floor), glass)
    for x in (at + end + 0.005, at - end - 0.005):
        shape.box((x, 0, (low + high) / 2 + 0.05), (0.05, width - 0.5, high - low + 0.15), glass)


def bus(site):
    """A city bus, 9 m long."""
    colour = site.random.choice(((0.5, 0.03, 0.025), (0.6, 0.45, 0.03), (0.04, 0.16, 0.4), (0.65, 0.65, 0.63), (0.03, 0.26, 0.13)))
    paint, glass = m.material("bus paint", colour, 0.3, coat=0.6), m.material("bus glass", (0.02, 0.025, 0.03), 0.05)
    shape, trim = Shape("bus"), m.material("bus trim", (0.03, 0.03, 0.03), 0.5)
    _coach(shape, 0.0, 9.0, 2.5, 0.32, 3.05, paint, glass, trim)
    _wheels(shape, (-2.6, 2.9), 1.24)
    sign = m.material("signal", (0.9, 0.5, 0.05), 0.4, glow=1.5)
    for x in (4.52, -4.52):
        shape.box((x, 0, 2.78), (0.06, 1.5, 0.26), sign)
        for side in (-1, 1):
            shape.box((x, side * 0.95, 0.75), (0.06, 0.35, 0.18), _lamp(x))
    return shape


def tram(site, name="tram"):
    """Two coaches of a tram, or of a train; 20 m long."""
    colour = site.random.choice(((0.55, 0.03, 0.03), (0.6, 0.5, 0.3), (0.05, 0.2, 0.35), (0.62, 0.62, 0.6), (0.55, 0.35, 0.02)))
    paint, glass = m.material("train paint", colour, 0.3, coat=0.6), m.material("train glass", (0.02, 0.025, 0.03), 0.05)
    trim, roof = m.material("train trim", (0.05, 0.05, 0.055), 0.5), m.material("train roof", (0.25, 0.25, 0.26), 0.6)
    shape = Shape(name)
    for at in (-5.2, 5.2):
        _coach(shape, at, 10.0, 2.6, 0.45, 3.5, paint, glass, trim, 0.3)
        shape.box((at, 0, 0.32), (8.6, 2.2, 0.5), trim)
        shape.box((at, 0, 3.62), (4.0, 1.6, 0.3), roof)
    shape.box((0, 0, 1.9), (0.6, 2.2, 2.7), trim)
    shape.tube([(4, 0, 3.7), (5, 0, 4.6), (4.4, 0, 5.2)], 0.04, trim)
    for x in (10.22, -10.22):
        for side in (-1, 1):
            shape.box((x, side * 0.8, 0.95), (0.06, 0.3, 0.2), _lamp(x))
    return shape


def truck(site):
    """A lorry with a box body."""
    cab = m.material("truck paint", site.random.choice(PAINTS), 0.35)
    body = m.material("truck body", site.random.choice(((0.65, 0.65, 0.63), (0.5, 0.4, 0.1), (0.1, 0.2, 0.4))), 0.5)
    shape, glass, black = Shape("truck"), m.material("car glass", (0.012, 0.016, 0.018), 0.04), m.material("car plastic", (0.012, 0.012, 0.012), 0.6)
    shape.box((-0.9, 0, 2.0), (4.8, 2.4, 2.4), body)
    shape.box((2.5, 0, 1.55), (1.7, 2.3, 2.1), cab)
    shape.box((3.36, 0, 2.05), (0.04, 2.0, 0.85), glass)
    shape.box((0, 0, 0.65), (6.4, 2.0, 0.3), black)
    for side in (-1, 1):
        shape.box((2.7, side * 1.16, 2.05), (0.9, 0.04, 0.75), glass)
        for x in (3.37, -3.32):
            shape.box((x, side * 0.9, 0.9), (0.05, 0.33, 0.2), _lamp(x))
    _wheels(shape, (-2.2, 2.4), 1.15, 0.45)
    return shape


def wheels_and_frame(shape, site):
    """A bicycle along +x, its wheels at x = -0.52 and 0.52."""
    tyre, metal = m.material("tyre", (0.015, 0.015, 0.015), 0.85), m.material("rim", (0.5, 0.5, 0.52), 0.3, metal=0.9)
    frame = m.material("frame", site.random.choice(PAINTS[:3] + [(0.5, 0.3, 0.02), (0.03, 0.25, 0.2)]), 0.35)
    black = m.material("saddle", (0.015, 0.015, 0.015), 0.6)
    for x in (-0.52, 0.52):
        rim = [(x + 0.33 * math.cos(a), 0, 0.34 + 0.33 * math.sin(a)) for a in (math.tau * k / 24 for k in range(25))]
        shape.tube(rim, 0.022, tyre, 6)
        for k in range(8):
            a = math.tau * k / 8
            shape.tube([(x, 0, 0.34), (x + 0.32 * math.cos(a), 0, 0.34 + 0.32 * math.sin(a))], 0.004, metal, 4)
    seat, crank, head, rear, fork = (-0.22, 0, 0.82), (-0.06, 0, 0.3), (0.37, 0, 0.8), (-0.52, 0, 0.34), (0.52, 0, 0.34)
    for a, b in ((seat, crank), (crank, head), (seat, head), (rear, crank), (rear, seat), (head, fork), (head, (0.33, 0, 0.98)), (seat, (-0.25, 0, 0.92))):
        shape.tube([a, b], 0.02, frame, 7)
    shape.ball((-0.25, 0, 0.95), (0.14, 0.075, 0.04), black, 6, 10)
    shape.tube([(0.28, -0.28, 1.0), (0.35, -0.1, 1.02), (0.35, 0.1, 1.02), (0.28, 0.28, 1.0)], 0.018, black, 6)
    shape.tube([(-0.06, -0.12, 0.2), (-0.06, 0.12, 0.42)], 0.018, black, 6)
    return shape


def bicycle(site):
    """A parked bicycle along +x."""
    return wheels_and_frame(Shape("bicycle"), site)


def scooter(site):
    """A kick scooter along +x, with a motor's thick stem."""
    black = m.material("scooter black", (0.02, 0.02, 0.022), 0.5)
    colour = m.material("scooter paint", site.random.choice(((0.05, 0.45, 0.1), (0.6, 0.3, 0.02), (0.55, 0.55, 0.55))), 0.4)
    shape = Shape("scooter")
    shape.box((0, 0, 0.15), (0.75, 0.17, 0.07), black)
    shape.tube([(0.42, 0, 0.16), (0.36, 0, 1.12)], 0.035, colour, 9)
    shape.tube([(0.36, -0.25, 1.12), (0.36, 0.25, 1.12)], 0.02, black, 7)
    for x in (-0.45, 0.48):
        shape.lathe([(0.01, -0.03), (0.12, -0.03), (0.12, 0.03), (0.01, 0.03)], black, 18, (x, 0, 0.12), 1)
    return shape


def cow(site):
    """A cow along +x."""
    white, patch = m.material("hide", (0.6, 0.57, 0.5), 0.8), site.random.choice(((0.02, 0.018, 0.016), (0.16, 0.06, 0.025)))
    hide = m.mottled("hide", [0.6 * 0.5 + p * 0.5 for p in patch], 0.95, 1.6)
    shape = Shape("cow")
    shape.ball((0, 0, 1.05), (0.85, 0.36, 0.42), hide, 10, 18)
    shape.tube([(0.65, 0, 1.15), (0.95, 0, 1.4)], [0.26, 0.17], hide, 12)
    shape.ball((1.12, 0, 1.42), (0.28, 0.14, 0.16), white, 8, 14)
    for side in (-1, 1):
        shape.ball((0.95, side * 0.2, 1.52), (0.05, 0.13, 0.06), hide, 5, 9)
        for x in (-0.55, 0.55):
            shape.tube([(x, side * 0.2, 0.95), (x, side * 0.2, 0.45), (x + 0.03, side * 0.2, 0.0)], [0.12, 0.07, 0.06], white, 9)
    shape.tube([(-0.82, 0, 1.2), (-0.95, 0, 0.55)], [0.04, 0.03], hide, 6)
    shape.ball((-0.25, 0, 0.68), (0.18, 0.15, 0.1), m.material("udder", (0.5, 0.28, 0.24), 0.7), 6, 10)
    return shape
