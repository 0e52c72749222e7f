"""What is underfoot: road, pavement, kerb, zebra crossing, steps. Roads run along y; the road's surface is z = 0."""

import math

from . import materials as m
from .mesh import Shape

KERB = 0.12
"""Height of the pavement above the road."""


def road(half_width, y0, y1):
    """Asphalt from kerb to kerb."""
    shape = Shape("road")
    shape.box((0, (y0 + y1) / 2, -0.1), (2 * half_width + 0.4, y1 - y0, 0.2), m.asphalt())
    return shape.place()


def centre_line(y0, y1, skip, paint):
    """Dashes of 3 m, none of them within `skip` = (y0, y1)."""
    shape = Shape("centre line")
    y = y0
    while y + 3 < y1:
        if y + 3 < skip[0] or y > skip[1]:
            shape.box((0, y + 1.5, 0.0), (0.12, 3.0, 0.006), paint)
        y += 6
    return shape.place()


def pavement(side, half_width, width, y0, y1, paving, kerb, dropped=None):
    """Slabs and kerb stones on one side (+1 or -1); within `dropped` = (y0, y1) the kerb is lowered to the road by a ramp."""
    shape = Shape("pavement")
    inner, ramp = half_width + 0.15, 1.1
    stretches = [(y0, y1)] if dropped is None else [(y0, dropped[0]), (dropped[1], y1)]
    for a, b in stretches:
        shape.box((side * (inner + width / 2 - 0.075), (a + b) / 2, KERB / 2 - 0.1), (width - 0.15, b - a, KERB + 0.2), paving)
        shape.box((side * (half_width + 0.075), (a + b) / 2, KERB / 2 - 0.1 + 0.002), (0.15, b - a, KERB + 0.2), kerb)
    if dropped:
        a, b = dropped
        low = 0.02
        outline = [(side * inner, low), (side * (inner + ramp), KERB), (side * (half_width + width), KERB),
                   (side * (half_width + width), -0.1), (side * inner, -0.1)]
        if side < 0:
            outline.reverse()
        shape.prism([(x, z) for x, z in outline], 1, a, b, paving)
        shape.box((side * (half_width + 0.075), (a + b) / 2, low / 2 - 0.1), (0.15, b - a, low + 0.2), kerb)
    return shape.place()


def zebra(half_width, y, length, paint, stripe=0.5):
    """Stripes that lie along the road, side by side across it; `length` is how far each reaches along the road."""
    shape = Shape("zebra crossing")
    count = int((2 * half_width - 0.3) / (2 * stripe))
    x = -(2 * count - 1) * stripe / 2
    for k in range(count):
        shape.box((x + stripe / 2 + 2 * stripe * k, y, 0.0), (stripe, length, 0.008), paint)
    return shape.place()


def steps_up(x, y, count, width, rise, tread, stone, nosing, metal, z=KERB):
    """Stairs that rise towards -x from their foot at `x`, with cheek walls and three handrails; gives the treads' and risers' shape."""
    stairs = Shape("steps")
    for k in range(count):
        left = x - k * tread
        top = z + (k + 1) * rise
        stairs.box((left - tread / 2 - 0.2, y, (top + z) / 2 - 0.025), (tread + 0.4, width, top - z - 0.05), stone)
        stairs.box((left - tread / 2 - 0.16, y, top - 0.025), (tread + 0.36, width + 0.002, 0.05), nosing)
    placed = stairs.place(bevel=0.008)

    top_x, top_z = x - count * tread, z + count * rise
    walls = Shape("cheek walls")
    for side in (-1, 1):
        outline = [(x + 0.45, z), (x + 0.45, z + 0.42), (x + 0.1, z + 0.42), (top_x, top_z + 0.35), (top_x - 3, top_z + 0.35), (top_x - 3, z)]
        at = y + side * (width / 2 + 0.2)
        walls.prism(outline, 1, at - 0.2, at + 0.2, stone)
        cap = [(u, v) for u, v in outline[1:5]]
        walls.prism(cap + [(u, v + 0.07) for u, v in reversed(cap)], 1, at - 0.24, at + 0.24, nosing)
    walls.place(bevel=0.01)

    rails = Shape("handrails")
    slope = rise / tread
    for at in (y - width / 2 + 0.14, y, y + width / 2 - 0.14):
        line = [(x + 0.3, at, z + 0.82), (x + 0.3, at, z + 0.9), (x - tread * 0.2, at, z + rise + 0.86),
                (top_x, at, top_z + 0.9), (top_x - 0.9, at, top_z + 0.9)]
        rails.tube(line, 0.028, metal)
        rails.tube([(p[0], at, p[2] - 0.35) for p in line[1:]], 0.014, metal)
        for px in [x + 0.3] + [x - tread * (0.5 + 3 * i) for i in range(1 + count // 3)] + [top_x - 0.9]:
            ground = z if px > x else min(top_z, z + (math.floor((x - px) / tread) + 1) * rise)
            height = z + 0.9 if px > x else min(top_z, z + rise + (x - px) * slope) + 0.86
            rails.tube([(px, at, ground), (px, at, height)], 0.022, metal)
    rails.place()
    return placed
