"""Trees and hedges of many small leaves."""

import math

from . import materials as m
from .mesh import Shape


def tree(random, leaf, bark, height=6.5, leaves=5200, size=0.15):
    """A street tree with a clear trunk of about 2.4 m and leaves of `size` metres."""
    shape = Shape("tree")
    crown = 2.5
    lean = random.uniform(-0.15, 0.15)
    shape.tube([(0, 0, 0), (lean * 0.2, 0, 0.15), (lean * 0.6, 0.03, 1.4), (lean, 0, crown), (lean, 0, height * 0.75)], [0.19, 0.14, 0.12, 0.1, 0.03], bark, 12)
    blobs = []
    for k in range(9):
        angle, out = math.tau * k / 9 + random.uniform(-0.3, 0.3), random.uniform(0.6, 1.35)
        top = (lean + out * math.cos(angle), out * math.sin(angle), random.uniform(crown + 0.6, height - 0.8))
        start = (lean, 0, random.uniform(crown - 0.3, crown + 0.8))
        shape.tube([start, [(a + b) / 2 - (0.15 if i == 2 else 0) for i, (a, b) in enumerate(zip(start, top))], top], [0.055, 0.04, 0.015], bark, 8)
        blobs.append((top, random.uniform(0.7, 1.1)))
    blobs.append(((lean, 0, height - 0.6), 0.9))
    points = []
    for _ in range(leaves):
        centre, radius = random.choice(blobs)
        d = _direction(random)
        r = radius * random.random() ** 0.4
        points.append([c + r * e for c, e in zip(centre, d)])
    _leaf_cards(shape, random, points, leaf, size)
    return shape


def hedge(random, leaf, length, height=1.1, depth=0.6):
    """A clipped hedge along y from the origin."""
    shape = Shape("hedge")
    shape.box((0, length / 2, height / 2 - 0.06), (depth - 0.12, length - 0.1, height - 0.1), m.material("hedge inside", (0.008, 0.015, 0.004), 1.0))
    points = []
    for _ in range(int(900 * length)):
        p = [random.uniform(-depth / 2, depth / 2), random.uniform(0, length), random.uniform(0, height)]
        face = random.random()
        if face < 0.3:
            p[2] = height + random.gauss(0, 0.03)
        else:
            p[0] = math.copysign(depth / 2, p[0]) + random.gauss(0, 0.03)
        points.append(p)
    _leaf_cards(shape, random, points, leaf, 0.06)
    return shape


def bush(random, leaf, shape=None, centre=(0, 0, 0.55), radius=0.6, leaves=520):
    """A round bush, or a bunch of leaves added to `shape`."""
    shape = shape or Shape("bush")
    points = []
    for _ in range(leaves):
        d, r = _direction(random), radius * random.random() ** 0.35
        points.append([centre[k] + r * d[k] * (1.0 if k < 2 else 0.95) for k in range(3)])
    _leaf_cards(shape, random, points, leaf, 0.11)
    return shape


def _direction(random):
    d = [random.gauss(0, 1) for _ in range(3)]
    length = math.sqrt(sum(c * c for c in d)) or 1.0
    return [c / length for c in d]


def _leaf_cards(shape, random, points, leaf, size):
    corners, faces = [], []
    for p in points:
        u, w = _direction(random), _direction(random)
        v = [u[1] * w[2] - u[2] * w[1], u[2] * w[0] - u[0] * w[2], u[0] * w[1] - u[1] * w[0]]
        s = size * random.uniform(0.6, 1.2)
        for a, b in ((-0.5, 0), (0, -0.3), (0.5, 0), (0, 0.3)):
            corners.append([p[k] + s * (a * u[k] + b * v[k]) for k in range(3)])
        n = len(corners)
        faces.append((n - 4, n - 3, n - 2, n - 1))
    shape.add(corners, faces, leaf)
