"""Places that are built around the walker: stations, underpasses, stairs, rooms."""

import math

from .. import materials as m
from ..mesh import Shape
from ..props import boxes, concrete, dark, far_trees, house_across, houses, painted, steel, trees, wood
from ..site import FAR, NEAR
from ..vehicles import tram
from .plan import Place


def _strip_lamps(site, name, xs, z, every, far=40.0, near=-4.0):
    """Bright tubes under a ceiling."""
    tube = m.material("sky light", (1.0, 0.95, 0.85), 0.5, glow=9.0)
    shape, y = Shape(name), near
    while y < far:
        for x in xs:
            shape.box((x, y, z - 0.05), (0.22, 1.5, 0.06), tube)
        y += every
    site.put(shape, 0, 0)


def _station(site):
    """A platform with a roof on columns beside two tracks, a name board, and often a train."""
    low = site.outer
    white, iron = m.material("tar white", (0.7, 0.7, 0.67), 0.7), m.material("rail", (0.42, 0.36, 0.3), 0.28, metal=0.9)
    for ys in site.spans():
        site.slab("platform edge", (low - 0.45, low), ys, site.z + 0.004, white, ("surface", "paved_sidewalk"))
    ballast = m.mottled("stone ballast", (0.15, 0.13, 0.12), 0.6, 14)
    site.slab("ballast", (low, low + 9.6), (NEAR, FAR), site.z - 0.95, ballast)
    track = Shape("rails")
    for at in (low + 1.75, low + 6.6):
        for dx in (-0.74, 0.74):
            track.box((at + dx, 32, -0.72), (0.08, 76, 0.15), iron)
        for k in range(80):
            track.box((at, -5 + 0.65 * k, -0.82), (2.4, 0.25, 0.1), wood(site))
    site.put(track, 0, 0)
    site.slab("platform", (low + 9.6, low + 14), (NEAR, FAR), site.z, concrete(site))
    site.slab("platform", (site.edge - 8, site.edge), (NEAR, FAR), site.z, site.ground("paved_sidewalk"), ("surface", "paved_sidewalk"))
    column, roof, x = Shape("column"), Shape("canopy"), site.edge - 0.5
    steelwork = m.material("paint", site.random.choice(((0.05, 0.12, 0.1), (0.25, 0.05, 0.05), (0.3, 0.31, 0.32))), 0.5)
    for k in range(8):
        y = 4.5 + 6.5 * k
        if site.is_free(y, 0.3):
            column.lathe([(0.22, 0), (0.22, 0.3), (0.14, 0.4), (0.14, 3.6)], steelwork, 14, (x, y, 0))
        roof.box(((x + low) / 2 - 0.6, y, 3.75), (low - x + 3.2, 0.18, 0.3), steelwork)
    roof.box(((x + low) / 2 - 0.6, 22, 3.95), (low - x + 3.8, 56, 0.12), m.material("roof sheet", (0.35, 0.36, 0.37), 0.6))
    site.put(column, 0, 0)
    site.put(roof, 0, 0)
    blue, letter = m.material("sign blue", (0.01, 0.06, 0.3), 0.4), m.material("letters", (0.8, 0.8, 0.78), 0.5, glow=0.3)
    parts = [((0, 0, 3.05), (2.4, 0.08, 0.5), blue)] + [((-0.9 + 0.26 * k, -0.05, 3.05), (0.14, 0.02, 0.24), letter) for k in range(8)]
    boxes(site, "sign", parts, (x + low) / 2 - 0.3, site.draw(7, 10))
    boxes(site, "block", [((0, 18, 2.4), (0.4, 60, 4.8), m.bricks((0.3, 0.14, 0.09)))], site.edge - 6)
    if not site.bare:
        parts = [((0, 0, 0.45), (0.5, 1.8, 0.06), wood(site)), ((0, 0, 0.22), (0.1, 1.4, 0.44), dark(site)), ((-0.25, 0, 0.7), (0.05, 1.8, 0.4), wood(site))]
        boxes(site, "bench", parts, x + 0.2, site.draw(9, 12))
    if site.random.random() < 0.65:
        shape = tram(site, "train")
        y = site.draw(16, 22) if site.random.random() < 0.6 else site.draw(6, 10)
        z = site.z - 1.1 if not site.cut else site.z
        for k in range(2):
            if not site.cut or y + 20.6 * k - 10.5 > site.cut[1]:
                site.put(shape, low + 1.75 + (4.85 if site.random.random() < 0.4 else 0), y + 20.6 * k, z, math.pi / 2)
    _strip_lamps(site, "lamp", ((x + low) / 2,), 3.7, 6.5)
    for y in (3, 9.5, 16):
        site.lamp((x + low) / 2, y, 3.4, 30.0, (1.0, 0.93, 0.8))
    house_across(site, FAR - 4, x=-14, width=30, storeys=3)
    far_trees(site, 64, 40, 8)


def _tunnel(site):
    """Tiled or concrete walls and a vault, lamps, daylight at the end."""
    edge, outer, tall, end = site.edge - 0.05, site.outer + 0.05, site.draw(2.7, 3.4), site.draw(24, 40)
    shade = site.random.choice(((0.5, 0.49, 0.45), (0.35, 0.34, 0.32), (0.42, 0.46, 0.42)))
    skin = m.mottled("vault", shade, 0.25, 1.2) if site.random.random() < 0.5 else m.bricks(shade, "vault tiles")
    site.width = (outer - edge) / 2 + 0.3
    vault, middle, half = Shape("tunnel"), (edge + outer) / 2, (outer - edge) / 2
    foot = site.foot is not None
    low, rise = (-3.0, 1.4) if foot else (-0.2, 0.9)
    vaulted = [(middle - half * math.cos(math.pi * k / 12), tall - 0.9 + rise * math.sin(math.pi * k / 12)) for k in range(13)]
    arch = [(edge, low), *vaulted, (outer, low)]
    if foot and not site.down:
        arch = [(u, v + (2.6 if v > 1 else 0)) for u, v in arch]
    points = [(u, y, v) for y in (NEAR, end) for u, v in arch]
    n = len(arch)
    vault.add(points, [(k, k + 1, n + k + 1, n + k) for k in range(n - 1)], skin)
    # The hill around the mouth: light comes in at the end only.
    for dx in (-1, 1):
        vault.box((middle + dx * (half + 25.2), (NEAR + end) / 2, 4), (50, end - NEAR, 14), skin)
    top = max(v for _, v in arch)
    vault.box((middle, (NEAR + end) / 2, top + 4), (2 * half + 2, end - NEAR, 7.9), skin)
    vault.box((middle, NEAR - 0.2, 4), (2 * half + 2, 0.3, 14), skin)
    site.put(vault, 0, 0)
    for xs in ((-80, site.edge), (site.outer, 80)):
        site.slab("grass", xs, (end, FAR + 20), site.z, site.ground("grass"))
    _strip_lamps(site, "lamp", (middle,) if half < 2.6 else (middle - half * 0.5, middle + half * 0.5), top - 0.12, 4.5, end)
    for y in (1.5, 6.0, 12.0, 20.0):
        site.lamps.append((middle, y, top - 0.4, 26.0, (1.0, 0.9, 0.72)))
    far_trees(site, end + 22, 20, 10)
    house_across(site, end + 34, width=30, storeys=3)


def _stairs(site):
    """Stairs between walls of houses; `request` sees to the flight itself."""
    houses(site, -1, site.edge - 0.6, (3, 4))
    houses(site, 1, site.outer + 0.6, (3, 4))
    house_across(site, 40, width=26, storeys=4)
    trees(site, [(site.edge - 2.0, 17), (site.outer + 2.0, 14)])
    for x in (site.edge + 0.3, site.outer - 0.3):
        site.lamp(x, 3.0, 3.4, 40.0)


def _indoors(site):
    """A corridor or a hall: walls with doors and pictures or windows, a ceiling with lamps, an end wall."""
    hall = site.random.random() < 0.45
    half, tall, end = (site.draw(4.5, 7.0), site.draw(3.6, 5.0), site.draw(13, 20)) if hall else (max(site.half, 1.1), site.draw(2.5, 2.9), site.draw(10, 17))
    top = tall
    if site.foot is not None:
        top, end = tall + 2.6, end + 4
    site.width = half
    paint = m.plaster(site.random.choice(((0.7, 0.68, 0.6), (0.6, 0.64, 0.62), (0.66, 0.6, 0.5), (0.62, 0.62, 0.66))))
    white, trim = m.material("ceiling", (0.75, 0.75, 0.72), 0.9), m.material("skirting", (0.22, 0.13, 0.07), 0.5)
    low = -3.5 if site.down else -0.1
    if half > site.half + 0.05:
        for xs in ((-half, -site.half), (site.half, half)):
            site.slab(site.way_name, xs, (NEAR, end), site.z, site.ground(site.base), ("surface", site.base))
    walls = Shape("inner wall")
    for side in (-1, 1):
        walls.box((side * (half + 0.1), (NEAR + end) / 2, (top + low) / 2), (0.2, end - NEAR, top - low), paint)
        walls.box((side * (half - 0.015), (NEAR + end) / 2, 0.06), (0.03, end - NEAR, 0.12), trim)
    walls.box((0, end + 0.1, (top + low) / 2), (2 * half + 0.4, 0.2, top - low), paint)
    walls.box((0, NEAR - 0.1, (top + low) / 2), (2 * half + 0.4, 0.2, top - low), paint)
    site.put(walls, 0, 0)
    boxes(site, "ceiling", [((0, (NEAR + end) / 2, top + 0.1), (2 * half + 0.4, end - NEAR + 0.4, 0.2), white)])
    leaf, metal = m.material("door", site.random.choice(((0.3, 0.15, 0.07), (0.12, 0.2, 0.3), (0.55, 0.53, 0.48))), 0.45), steel(site)
    doors = Shape("furniture")
    far = 9.0 if site.bare else 2.4
    for side in (-1, 1):
        y = site.draw(far, far + 2)
        while y < end - 1.2:
            if site.random.random() < 0.6 and (side > 0 or not hall):
                doors.box((side * (half - 0.02), y, 1.03), (0.06, 0.95, 2.06), leaf)
                doors.box((side * (half - 0.06), y - 0.36, 1.03), (0.06, 0.12, 0.03), metal)
                for dy in (-0.52, 0.52):
                    doors.box((side * (half - 0.03), y + dy, 1.05), (0.08, 0.09, 2.15), trim)
            else:
                doors.box((side * (half - 0.02), y, 1.65), (0.03, 1.0, 0.75), trim)
                doors.box((side * (half - 0.03), y, 1.65), (0.03, 0.88, 0.63), painted(site))
            y += site.draw(2.2, 3.4)
    site.put(doors, 0, 0)
    floor = site.z if site.down else site.height(end)
    boxes(site, "door", [((dx, -0.03, 1.05), (0.9, 0.06, 2.1), leaf) for dx in (-0.46, 0.46)], 0, end, floor)
    if hall:
        column = Shape("column")
        for k in range(3):
            for x in (-half * 0.6, half * 0.6):
                column.lathe([(0.3, 0), (0.3, 0.2), (0.22, 0.25), (0.22, top)], concrete(site), 16, (x, 9 + 4 * k if site.bare else 5 + 4 * k, 0))
        site.put(column, 0, 0)
    if site.asks("obstacle", "branch_or_bush"):
        pot = Shape("planter")
        pot.lathe([(0.22, 0), (0.3, 0.45), (0.26, 0.45), (0.26, 0.4), (0.01, 0.4)], painted(site), 16)
        site.put(pot, half - 0.6, 7)
    _strip_lamps(site, "lamp", (0,) if half < 2.5 else (-half * 0.5, half * 0.5), top, 3.2, end)
    for y in (0.5, 4.5, 9.0, 13.5):
        for x in (0,) if half < 2.5 else (-half * 0.5, half * 0.5):
            site.lamp(x, y, top - 0.5, 26.0, (1.0, 0.93, 0.8))


PLACES = {
    "station": Place((3.2, 5.0), None, None, "platform", None, False, _station),
    "tunnel": Place((3.0, 4.6), None, None, "pavement", None, True, _tunnel),
    "stairs": Place((3.0, 5.0), None, None, "pavement", ("pavement", "paved_sidewalk"), True, _stairs),
    "indoors": Place((2.0, 3.0), None, None, "floor", None, False, _indoors),
}
