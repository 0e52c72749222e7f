"""Street furniture, road works and cars."""

import math

from . import materials as m
from .mesh import Shape

PAINTS = [(0.45, 0.02, 0.02), (0.02, 0.06, 0.22), (0.62, 0.62, 0.62), (0.02, 0.02, 0.022), (0.2, 0.21, 0.22), (0.7, 0.7, 0.68), (0.03, 0.1, 0.07)]


def lamp_post(side):
    """A post whose arm reaches over the road; `side` is that of the pavement it stands on."""
    metal = m.material("lamp post", (0.035, 0.045, 0.045), 0.45, metal=0.6)
    shape = Shape("lamp post")
    shape.lathe([(0.11, 0), (0.11, 0.9), (0.075, 1.0), (0.05, 5.6)], metal, 16)
    shape.tube([(0, 0, 5.5), (-side * 0.25, 0, 5.9), (-side * 1.1, 0, 6.0)], 0.035, metal)
    shape.box((-side * 1.3, 0, 5.97), (0.6, 0.22, 0.12), metal)
    shape.box((-side * 1.3, 0, 5.9), (0.5, 0.17, 0.03), m.material("lamp", (0.8, 0.8, 0.75), 0.3))
    return shape


def crossing_sign():
    """The blue square with a walker in a white triangle, facing along y both ways."""
    blue, white, black = (m.material(*a) for a in (("sign blue", (0.01, 0.07, 0.4), 0.4), ("sign white", (0.8, 0.8, 0.8), 0.4), ("sign black", (0.01, 0.01, 0.01), 0.5)))
    shape = Shape("crossing sign")
    shape.lathe([(0.035, 0), (0.035, 2.95)], m.material("sign post", (0.35, 0.35, 0.36), 0.35, metal=0.9), 14)
    shape.box((0, 0, 2.6), (0.62, 0.09, 0.62), blue)
    shape.prism([(-0.25, 2.37), (0.25, 2.37), (0.0, 2.84)], 1, -0.05, 0.05, white)
    for line, radius in (([(-0.09, 2.4), (0.0, 2.54)], 0.016), ([(0.09, 2.4), (0.0, 2.54)], 0.016), ([(0.0, 2.54), (0.01, 2.65)], 0.022), ([(-0.07, 2.58), (0.01, 2.64), (0.08, 2.57)], 0.012)):
        shape.tube([(u, 0, v) for u, v in line], radius * 1.1, black, 8)
        for y in (-0.05, 0.05):
            shape.tube([(u, y, v) for u, v in line], radius, black, 8)
    shape.ball((0.012, 0, 2.7), (0.028, 0.06, 0.028), black)
    return shape


def cone():
    """A 75 cm road cone with two white bands."""
    orange = m.mottled("cone orange", (0.75, 0.1, 0.012), 0.22, 9, 0.45)
    white = m.mottled("cone white", (0.72, 0.72, 0.7), 0.15, 12, 0.35)
    base = m.mottled("cone base", (0.5, 0.065, 0.012), 0.35, 9, 0.7)
    profile = [(0.02, 0.06), (0.175, 0.06), (0.165, 0.1), (0.148, 0.22), (0.1245, 0.36), (0.113, 0.43), (0.0895, 0.57), (0.06, 0.72), (0.045, 0.75), (0.02, 0.75)]
    shape = Shape("cone")
    shape.lathe(profile, lambda i, j: white if i in (3, 5) else orange)
    shape.box((0, 0, 0.03), (0.42, 0.42, 0.06), base)
    return shape


def barrier(width=2.2):
    """Two red and white boards on a stand, warning lamps on top; stands along x, looked at from -y or +y."""
    boards = m.stripes("barrier stripes", (0.8, 0.8, 0.78), (0.62, 0.015, 0.015), 0.25, 1.0)
    metal = m.material("barrier metal", (0.4, 0.4, 0.41), 0.4, metal=0.8)
    rubber = m.mottled("barrier foot", (0.035, 0.035, 0.035), 0.4, 8)
    shape = Shape("barrier")
    for z, high in ((0.93, 0.25), (0.42, 0.2)):
        shape.box((0, 0, z), (width, 0.045, high), boards)
    for x in (-width / 2 + 0.18, width / 2 - 0.18):
        shape.box((x, 0.045, 0.56), (0.05, 0.04, 1.06), metal)
        shape.box((x, 0.04, 0.055), (0.26, 0.85, 0.11), rubber)
        shape.lathe([(0.05, 1.05), (0.05, 1.09), (0.02, 1.09), (0.02, 1.1)], rubber, 14, (x, 0.03, 0))
        shape.ball((x, 0.03, 1.2), (0.09, 0.05, 0.09), m.material("warning lamp", (0.85, 0.35, 0.01), 0.2))
    return shape


def works(width, length):
    """A trench in the pavement, from the origin towards +y, with a heap of sand and lifted slabs."""
    earth, sand = m.mottled("earth", (0.06, 0.04, 0.025), 0.5, 5), m.mottled("sand", (0.42, 0.3, 0.17), 0.25, 8)
    slab = m.mottled("slab", (0.27, 0.26, 0.24), 0.15, 12)
    shape = Shape("works")
    shape.box((0, length / 2, 0.006), (width * 0.7, length * 0.8, 0.012), earth)
    for x, y, r, h in ((-width * 0.22, length * 0.6, 0.62, 0.5), (-width * 0.05, length * 0.75, 0.5, 0.36), (-width * 0.3, length * 0.35, 0.45, 0.3)):
        rings = [[(x + r * s * (1 + 0.12 * math.sin(3 * a + x * 9)) * math.cos(a), y + r * s * math.sin(a), h * (1 - s) ** 0.8) for a in (math.tau * i / 24 for i in range(24))]
                 for s in (1, 0.8, 0.6, 0.4, 0.22, 0.08)]
        shape.loft(rings, sand)
    for k in range(5):
        shape.box((width * 0.28, length * 0.5, 0.03 + 0.062 * k), (0.6, 0.45, 0.055), slab, 0.1 * math.sin(3.0 * k))
    return shape


class Cars:
    """Parked cars; shapes are shared between cars of one colour."""

    def __init__(self):
        self.shapes = {}

    def shape(self, colour):
        """A car of the paint numbered `colour` that heads along +x."""
        colour %= len(PAINTS)
        if colour not in self.shapes:
            self.shapes[colour] = _car(PAINTS[colour])
        return self.shapes[colour]

    def place(self, x, y, turn, colour, z=0.0):
        """Such a car, turned by `turn`."""
        return self.shape(colour).place(x, y, z, turn)


def _ring(x, half, low, high, power, lean=0.0, n=32):
    """A rounded rectangle across the car; the top is narrower by `lean`."""
    ring = []
    for i in range(n):
        a = math.tau * (i + 0.5) / n
        c, s = math.cos(a), math.sin(a)
        up = math.copysign(abs(s) ** (2 / power), s)
        y = half * math.copysign(abs(c) ** (2 / power), c) * (1 - lean * (up + 1) / 2)
        ring.append((x, y, (low + high) / 2 + (high - low) / 2 * up))
    return ring


def _car(colour):
    paint = m.material("car paint", colour, 0.3, metal=0.25, coat=1.0)
    glass = m.material("car glass", (0.012, 0.016, 0.018), 0.04)
    black = m.material("car plastic", (0.012, 0.012, 0.012), 0.6)
    tyre = m.material("tyre", (0.015, 0.015, 0.015), 0.85)
    rim = m.material("rim", (0.5, 0.5, 0.52), 0.3, metal=0.9)
    lamp, red = m.material("head lamp", (0.75, 0.77, 0.8), 0.08, coat=1.0), m.material("tail lamp", (0.4, 0.008, 0.008), 0.15)
    plate = m.material("number plate", (0.75, 0.75, 0.7), 0.4)
    shape = Shape("car")

    body = [(-2.1, 0.62, 0.42, 0.82), (-2.06, 0.76, 0.3, 0.92), (-1.9, 0.84, 0.22, 0.97), (-1.2, 0.885, 0.19, 0.965), (0, 0.89, 0.19, 0.94), (1.0, 0.885, 0.19, 0.93),
            (1.55, 0.865, 0.2, 0.86), (1.92, 0.79, 0.24, 0.76), (2.07, 0.68, 0.3, 0.67), (2.12, 0.55, 0.38, 0.58)]
    shape.loft([_ring(x, w, a, b, 5) for x, w, a, b in body], paint)
    cabin = [(-2.0, 0.88), (-1.9, 1.06), (-1.72, 1.26), (-1.55, 1.38), (-1.35, 1.43), (-0.95, 1.465), (-0.87, 1.467), (-0.3, 1.48), (-0.05, 1.475), (0.03, 1.47), (0.3, 1.43), (0.55, 1.3), (0.85, 1.12), (1.15, 0.92)]
    pillars = (5, 8)

    def skin(i, j):
        s = math.sin(math.tau * (j + 1) / 32)
        if 3 <= i <= 9 and s > 0.86:
            return paint
        if i in pillars or (s > 0.8 and i > 1 and i < 11 and abs(math.cos(math.tau * (j + 1) / 32)) > 0.5):
            return paint
        return glass
    shape.loft([_ring(x, 0.8, 0.7, top, 3.6, 0.26 * (top - 0.7) / 0.78) for x, top in cabin], skin)
    for side in (-1, 1):
        shape.tube([(1.12, side * 0.73, 0.93), (0.72, side * 0.64, 1.2), (0.28, side * 0.56, 1.41), (-0.4, side * 0.56, 1.46), (-1.35, side * 0.56, 1.42), (-1.9, side * 0.7, 1.0)], 0.035, paint, 8)
        for x in (-1.3, 1.32):
            shape.lathe([(0.36, -0.06 * side), (0.36, 0.012 * side), (0.3, 0.015 * side)], black, 32, (x, side * 0.885, 0.33), 1)
            shape.lathe([(0.22, 0.035 * side), (0.3, 0.035 * side), (0.315, 0.02 * side), (0.315, -0.16 * side), (0.2, -0.16 * side)], tyre, 32, (x, side * 0.885, 0.315), 1)
            shape.lathe([(0.22, 0.02 * side), (0.215, 0.034 * side), (0.19, 0.026 * side), (0.05, 0.034 * side), (0.01, 0.036 * side)], rim, 20, (x, side * 0.885, 0.315), 1)
            for k in range(5):
                a = math.tau * k / 5
                shape.ball((x + 0.13 * math.cos(a), side * 0.914, 0.315 + 0.13 * math.sin(a)), (0.045, 0.008, 0.045), black, 4, 8)
        shape.ball((0.82, side * 0.96, 1.0), (0.07, 0.11, 0.075), paint)
        for x in (-0.55, 0.45):
            shape.box((x, side * 0.893, 0.8), (0.17, 0.02, 0.025), black)
        for x in (-0.92, 0.0, 0.98):
            shape.box((x, side * 0.883, 0.6), (0.008, 0.016, 0.62), black)
        shape.box((0.03, side * 0.885, 0.24), (2.0, 0.02, 0.07), black)
        shape.ball((1.93, side * 0.6, 0.66), (0.17, 0.17, 0.075), lamp)
        shape.ball((-2.0, side * 0.66, 0.78), (0.1, 0.14, 0.12), red)
    shape.box((2.08, 0, 0.42), (0.1, 1.0, 0.13), black)
    shape.box((-2.06, 0, 0.36), (0.1, 1.2, 0.12), black)
    shape.box((2.13, 0, 0.42), (0.03, 0.46, 0.1), plate)
    shape.box((-2.1, 0, 0.62), (0.05, 0.46, 0.1), plate)
    return shape
