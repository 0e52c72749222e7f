"""What crosses the way, or runs beside it to be crossed: roads with their markings and signals, kerbs, cycle lanes, rails."""

import math

from . import materials as m
from .mesh import Shape
from .props import boxes, dark, steel
from .site import FAR, NEAR
from .things import crossing_sign

LANE = 1.7
"""Width of a cycle lane in metres."""
ACROSS = {"zebra_crossing", "signalised_crossing", "junction", "kerb", "kerb_ramp", "railway"}
"""What needs something that crosses the way."""


def plan(site):
    """Decide where the way is crossed, where stairs begin, and whether there are kerbs."""
    asked = set(site.ask.facets["crossing"])
    up, site.down = (site.asks("surface", label) for label in ("steps_up", "steps_down"))
    stairs, always = up or site.down, site.ask.place == "stairs"
    if always and not stairs:
        stairs, site.down = True, not asked & ACROSS and site.random.random() < 0.4
    if site.down and asked & ACROSS:
        # Steps that go down are hidden unless one stands right before them: there is room for them or for what crosses.
        stairs = always or site.random.random() < 0.5
    if asked & ACROSS and not (site.down and stairs):
        start = site.draw(2.8, 3.8) if not stairs else 2.3
        site.cut = (start, start + (site.draw(5.0, 7.5) if not stairs else 3.4))
        if asked == {"railway"} or asked == {"railway", "none"}:
            site.cut = (start, start + 3.2)
    if stairs:
        site.foot = site.cut[1] + 1.0 if site.cut else site.draw(1.8, 2.6) if site.down else site.draw(2.4, 4.5)
    site.raised = bool(asked & {"kerb", "kerb_ramp"})


def build(site):
    """Whatever is asked for."""
    if site.lane:
        _cycle_lane(site)
    if not site.cut:
        return
    only_rails = site.asks("crossing", "railway") and not set(site.ask.facets["crossing"]) & (ACROSS - {"railway"})
    _road(site, only_rails)
    if site.asks("crossing", "railway"):
        _rails(site)
    if site.asks("crossing", "zebra_crossing"):
        _zebra(site)
    if site.asks("crossing", "signalised_crossing"):
        _signals(site)


def _level(site):
    return 0.0 if site.raised else site.z


def _road(site, only_rails):
    (low, high), z = site.cut, _level(site)
    branch = site.road is not None and not only_rails
    site.slab("road", (-site.width, site.width), (low, high), z + 0.002, site.ground("asphalt"), ("surface", "asphalt"), *(("crossing", "junction"),) * branch)
    if not only_rails and high - low > 4.5:
        paint, marks, keep_off = site.keep("paint", lambda: m.road_paint(site.draw(0.2, 0.7))), Shape("lane marks"), min(site.half, 2.4) + 0.5
        for k in range(-12, 13):
            if abs(k * 3.0) - 0.8 > keep_off and abs(k * 3.0) < site.width:
                marks.box((k * 3.0, (low + high) / 2, z + 0.002), (1.6, 0.12, 0.012), paint)
        if branch:
            for y in (low - 0.4, high + 0.4):
                marks.box(((site.road[0] + site.road[1]) / 2, y, z + 0.002), (site.road[1] - site.road[0] - 0.3, 0.35, 0.012), paint)
        site.put(marks, 0, 0, 0)
    if not site.raised or only_rails:
        return
    stone = site.keep("kerb stone", m.stone_blocks)
    ramp = site.asks("crossing", "kerb_ramp")
    reach = min(site.half, 1.3) if ramp else 0.0
    for y, inward in ((low, -1), (high, 1)):
        for xs in ([(-site.width, -reach), (reach, site.width)] if ramp else [(-site.width, site.width)]):
            for a, b in _without(xs, site.road):
                site.slab("kerb", (a, b), (y - 0.08, y + 0.08), site.z + 0.004, stone, ("crossing", "kerb"))
        if ramp:
            _ramp(site, y, inward, reach)


def _without(xs, hole):
    """A range of x less the road that leads into the crossing one."""
    if hole is None or hole[1] <= xs[0] or hole[0] >= xs[1]:
        return [xs]
    return [(a, b) for a, b in ((xs[0], hole[0]), (hole[1], xs[1])) if b > a]


def _ramp(site, y, inward, reach):
    """A slope up from the road that is laid over the cut's edge, towards the road, in another paving."""
    shape, length = Shape("kerb ramp"), 0.9
    slope = site.keep("ramp", lambda: m.mottled("stone ramp", (0.34, 0.3, 0.26), 0.15, 20))
    a, b = y - inward * length, y + inward * 0.25
    top = site.z + 0.006
    points = [(-reach, a, 0.006), (reach, a, 0.006), (reach, b, top), (-reach, b, top), (-reach, b, 0), (reach, b, 0)]
    shape.add(points, [(0, 1, 2, 3), (1, 5, 2), (0, 3, 4)], slope)
    site.put(shape, 0, 0, 0, tags=[("crossing", "kerb_ramp")])


def _zebra(site):
    """Bars that lie along the road, side by side over it, on a field that belongs to the crossing as a whole."""
    (low, high), z, reach, stripe = site.cut, _level(site), min(site.half, 2.4), site.draw(0.42, 0.6)
    area = Shape("zebra area")
    area.box((0, (low + high) / 2, z), (2 * reach, high - low - 0.3, 0.012), site.ground("asphalt"))
    site.put(area, 0, 0, 0, tags=[("crossing", "zebra_crossing"), ("surface", "asphalt")])
    bars, count = Shape("zebra crossing"), int((high - low - 0.3) / (2 * stripe) + 0.5)
    paint = site.keep("zebra paint", lambda: m.road_paint(site.draw(0.1, 0.5)))
    start = (low + high) / 2 - (2 * count - 1) * stripe / 2
    for k in range(count):
        bars.box((0, start + stripe * (2 * k + 0.5), z + 0.003), (2 * reach, stripe, 0.016), paint)
    site.put(bars, 0, 0, 0, tags=[("crossing", "zebra_crossing"), ("surface", "asphalt")])
    if not site.bare and not site.asks("crossing", "signalised_crossing") and site.random.random() < 0.5:
        for x, y in ((reach + 0.5, high + 0.4), (-reach - 0.5, low - 0.4)):
            site.put(crossing_sign(), x, y)


def _signals(site):
    """Two broken lines over the road, and posts with lights for those who walk and for those who drive."""
    (low, high), z, reach = site.cut, _level(site), min(site.half, 2.2)
    if not site.asks("crossing", "zebra_crossing"):
        area = Shape("zebra area")
        area.box((0, (low + high) / 2, z), (2 * reach, high - low - 0.2, 0.012), site.ground("asphalt"))
        site.put(area, 0, 0, 0, tags=[("crossing", "signalised_crossing"), ("surface", "asphalt")])
        lines, paint = Shape("crossing lines"), site.keep("zebra paint", lambda: m.road_paint(site.draw(0.1, 0.4)))
        for side in (-1, 1):
            y = low + 0.3
            while y < high - 0.5:
                lines.box((side * (reach - 0.15), y + 0.25, z + 0.003), (0.3, 0.5, 0.016), paint)
                y += 0.95
        site.put(lines, 0, 0, 0, tags=[("crossing", "signalised_crossing"), ("surface", "asphalt")])
    green = site.random.random() < 0.5
    for x, y, facing in ((-reach - 0.25, high + 0.45, 1), (reach + 0.25, high + 0.45, 1), (reach + 0.3, low - 0.35, -1)):
        _signal(site, x, y, facing, green)


def _signal(site, x, y, facing, green):
    """A post with a lamp box that faces the walker (`facing` 1) or away, and one to the side for the road."""
    grey, black = dark(site), m.material("signal box", (0.012, 0.013, 0.012), 0.5)
    off = {False: m.material("signal off", (0.02, 0.02, 0.02), 0.3)}
    red, amber, go = (m.material("signal", colour, 0.3, glow=3.0) for colour in ((0.9, 0.02, 0.01), (0.9, 0.4, 0.01), (0.02, 0.8, 0.25)))
    boxes(site, "signal pole", [((0, 0, 1.6), (0.11, 0.11, 3.2), grey)], x, y)
    shape = Shape("traffic light")
    shape.box((0, -0.12 * facing, 2.35), (0.3, 0.2, 0.62), black)
    shape.ball((0, -0.23 * facing, 2.5), (0.11, 0.03, 0.11), off[False] if green else red, 6, 12)
    shape.ball((0, -0.23 * facing, 2.2), (0.11, 0.03, 0.11), go if green else off[False], 6, 12)
    shape.box((0.16, 0, 3.1), (0.22, 0.3, 0.95), black)
    for k, lit in enumerate((red if green else off[False], off[False], off[False] if green else go)):
        shape.ball((0.28, 0, 3.4 - 0.3 * k), (0.03, 0.11, 0.11), lit, 6, 12)
    site.put(shape, x, y, tags=[("crossing", "signalised_crossing")])


def _cycle_lane(site):
    """A coloured lane beside the way, with its edge line and painted bicycles."""
    colour = site.random.choice(((0.3, 0.06, 0.045), (0.06, 0.17, 0.07), (0.26, 0.07, 0.05), (0.05, 0.11, 0.26)))
    body, paint, z = m.mottled("tar lane", colour, 0.22, 30), m.material("tar white", (0.7, 0.7, 0.67), 0.7), site.z
    low, high = site.lane
    middle = (low + high) / 2
    tag = ("crossing", "cycle_lane")
    for ys in site.spans(NEAR, FAR):
        site.slab("cycle lane", (low, high), ys, z + 0.004, body, tag, ("surface", "asphalt"))
        for xs in ((site.half, low), (high, high + 0.12)):
            site.slab("pavement", xs, ys, z, site.keep("kerb stone", m.stone_blocks))
    shape = Shape("cycle mark")
    for ys in site.spans(NEAR, FAR):
        for x in (low + 0.05, high - 0.05):
            shape.box((x, sum(ys) / 2, 0.004), (0.1, ys[1] - ys[0], 0.008), paint)
    for y in (4.2, 9.5, 18.0):
        if site.is_free(y, 1.5):
            _bicycle_mark(shape, middle, y, paint)
    site.put(shape, 0, 0, z, tags=[tag])


def _bicycle_mark(shape, x, y, paint):
    """Two wheels and a frame, drawn long as such marks are."""
    z = 0.008
    for side in (-1, 1):
        for k in range(14):
            a = math.tau * k / 14
            shape.box((x + side * 0.36 + 0.25 * math.cos(a), y + 0.55 * math.sin(a), z), (0.07, 0.26, 0.008), paint, a)
    rear, seat, head, crank, front, bar = (-0.36, 0), (-0.1, 0.75), (0.25, 0.75), (0.02, 0), (0.36, 0), (0.22, 1.05)
    for a, b in ((rear, seat), (seat, head), (head, crank), (crank, rear), (front, bar), (seat, crank)):
        length, turn = math.dist(a, b), math.atan2(b[1] - a[1], b[0] - a[0])
        shape.box((x + (a[0] + b[0]) / 2, y + (a[1] + b[1]) / 2, z), (length, 0.07, 0.008), paint, turn)


def _rails(site):
    """A track along the crossing road, or by itself on ballast, with crossed boards and a boom."""
    (low, high), z = site.cut, _level(site)
    middle, iron, panel = (low + high) / 2, m.material("rail", (0.42, 0.36, 0.3), 0.28, metal=0.9), m.mottled("stone panel", (0.16, 0.15, 0.14), 0.3, 6)
    tag = ("crossing", "railway")
    bed = Shape("rails")
    for x in (-1, 1):
        bed.box((x * (site.half + 30), middle, z), (60, 2.6, 0.03), site.keep("ballast", lambda: m.mottled("stone ballast", (0.16, 0.145, 0.13), 0.6, 14)))
    bed.box((0, middle, z), (2 * site.half, 2.6, 0.03), panel)
    for k in range(-40, 41):
        if abs(k * 0.65) > site.half and abs(k * 0.65) < site.width:
            bed.box((k * 0.65, middle, z + 0.02), (0.25, 2.4, 0.06), site.keep("sleeper", lambda: m.mottled("sleeper", (0.1, 0.075, 0.055), 0.3, 9)))
    for side in (-1, 1):
        bed.box((0, middle + side * 0.74, z + 0.05), (2 * min(site.width, 60), 0.09, 0.14), iron)
        bed.box((0, middle + side * 0.6, z + 0.012), (2 * site.half, 0.12, 0.03), m.material("flangeway", (0.008, 0.008, 0.008), 0.9))
    site.put(bed, 0, 0, 0, tags=[tag])
    if not site.bare or site.half > 2.2:
        _saltire(site, -max(site.half - 0.35, 1.0), low - 0.5)
        _saltire(site, max(site.half - 0.35, 1.0), high + 0.6)


def _saltire(site, x, y):
    """A post with crossed white and red boards, lamps, and an open boom."""
    post, boards = steel(site), site.keep("saltire", lambda: m.stripes("saltire stripes", (0.8, 0.8, 0.78), (0.6, 0.02, 0.02), 0.22, 0.0))
    boxes(site, "post", [((0, 0, 1.5), (0.1, 0.1, 3.0), post)], x, y)
    sign = Shape("saltire")
    for lean in (-0.6, 0.6):
        sign.box((0, -0.08, 2.6), (1.25, 0.04, 0.17), boards, 0.0, lean)
    lit = m.material("signal", (0.8, 0.02, 0.01), 0.3, glow=2.0)
    for dx in (-0.2, 0.2):
        sign.ball((dx, -0.1, 2.1), (0.1, 0.04, 0.1), lit, 6, 12)
    site.put(sign, x, y, tags=[("crossing", "railway")])
    boom = Shape("saltire boom")
    boom.box((0, 0.12, 2.6), (0.09, 0.05, 3.8), boards, 0.0, 0.12 * (-1 if x < 0 else 1))
    site.put(boom, x, y)
