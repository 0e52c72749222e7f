"""Places among houses."""

import math

from .. import materials as m
from ..buildings import garden_wall
from ..mesh import Shape
from ..obstacles import rubble, stall
from ..props import boxes, concrete, dark, hedges, house_across, houses, lamps, painted, railing, steel, striped, trees, wood
from ..site import FAR
from ..vehicles import car
from .plan import Place


def _street(site):
    houses(site, -1, site.edge, (4, 6))
    houses(site, 1, site.outer, (4, 6))
    house_across(site, FAR + 2, width=40, storeys=5)
    if site.road or site.cut:
        lamps(site, site.half - 0.25, 1)
    if site.random.random() < 0.5 and site.half > 1.3:
        trees(site, [(site.half - 0.5, y) for y in (13, 24, 35, 47)])


def _residential_street(site):
    back = site.draw(3.5, 6.0)
    _garden(site, site.edge, -1)
    _garden(site, site.outer, 1)
    houses(site, -1, site.edge - back, (2, 2), 0.8)
    houses(site, 1, site.outer + back, (2, 2), 0.8)
    trees(site, [(side * (reach + 1.8), y + site.draw(-2, 2)) for side, reach in ((-1, -site.edge), (1, site.outer)) for y in (8, 17, 28, 40)])
    lamps(site, site.half - 0.2, 1, 24.0)


def _garden(site, x, side):
    """A hedge, a low wall or a picket fence before the gardens."""
    kind = site.random.randrange(3)
    if kind == 0:
        hedges(site, x + side * 0.55, -5, 40, 1.0)
    elif kind == 1:
        for low, high in site.spans(-5, 40):
            garden_wall(x + side * 0.25, low, high, site.keep("garden brick", lambda: m.bricks((0.36, 0.15, 0.1))), concrete(site)).location[2] = site.z
    else:
        railing(site, x + side * 0.2, -5, 40, 0.95, "fence", 0.13, site.keep("picket", lambda: m.material("picket", (0.7, 0.7, 0.67), 0.6)))


def _shop_fronts(site, x, side):
    """Large panes, a name board and often an awning in front of each house; `side` -1 for shops at smaller x."""
    glass, out = m.mottled("shop glass", (0.14, 0.12, 0.09), 0.9, 1.3, 0.06), -side
    for low, high in site.spans(-6, 42, 1.5):
        y = low + 0.2
        while high - y > 3.0:
            width = min(site.draw(4.0, 6.5), high - y)
            middle, shape, frame = y + width / 2, Shape("shop"), painted(site)
            def plate(proud, dy, z, wide, tall, material):
                shape.box((x + out * proud / 2, middle + dy, z + tall / 2), (proud, wide, tall), material)
            plate(0.06, 0, 0, width - 0.1, 3.5, frame)
            plate(0.09, width * 0.12, 0.45, width * 0.62, 2.15, glass)
            plate(0.09, -width * 0.36, 0.08, 0.95, 2.5, glass)
            plate(0.16, 0, 2.8, width - 0.15, 0.62, painted(site))
            for k in range(site.random.randint(4, 8)):
                plate(0.18, (k - 3) * 0.42, 2.98, 0.2, site.draw(0.2, 0.32), site.keep("letters", lambda: m.material("letters", (0.8, 0.78, 0.7), 0.5, glow=0.3)))
            site.put(shape, 0, 0)
            if site.random.random() < 0.65:
                awning, reach = Shape("awning"), 1.25
                outline = [(x, 2.9), (x + out * reach, 2.35), (x + out * reach, 2.15), (x + out * (reach - 0.02), 2.33), (x, 2.86)]
                awning.prism(outline, 1, y + 0.15, y + width - 0.15, striped(site))
                site.put(awning, 0, 0)
            site.lamp(x + out * 0.6, middle, 2.6, 25.0)
            y += width


def _shopping_street(site):
    houses(site, -1, site.edge, (3, 4))
    houses(site, 1, site.outer, (3, 4))
    for x, side in ((site.edge, -1), (site.outer, 1)):
        _shop_fronts(site, x, side)
    house_across(site, FAR, width=30, storeys=4)
    lamps(site, site.half - 0.2, 1, 20.0)


def _alley(site):
    """Blind walls close by on both sides, with drains and a few windows high up."""
    for x, side in ((site.edge, -1), (site.outer, 1)):
        for low, high in site.spans(-6, 46, 0.4):
            y = low
            while high - y > 1.0:
                width, tall = min(site.draw(6, 11), high - y), site.draw(6, 10)
                skin = m.bricks((site.draw(0.25, 0.4), site.draw(0.11, 0.2), 0.09)) if site.random.random() < 0.6 else m.plaster((site.draw(0.3, 0.6),) * 3)
                shape = Shape("block")
                shape.box((x + side * 3, y + width / 2, tall / 2), (6, width, tall), skin)
                for k in range(site.random.randint(1, 3)):
                    at = y + width * (k + 0.5) / 3
                    shape.box((x, at, site.draw(2.4, 4.6)), (0.08, 0.8, 1.0), site.keep("glass", lambda: m.window_glass()))
                shape.tube([(x - side * 0.07, y + 0.5, 0), (x - side * 0.07, y + 0.5, tall)], 0.05, dark(site))
                if site.random.random() < 0.5:
                    shape.box((x - side * 0.02, y + width * 0.6, 1.05), (0.06, 0.95, 2.1), m.material("door", (0.12, 0.06, 0.04), 0.5))
                site.put(shape, 0, 0)
                site.lamp(x - side * 0.4, y + 2, 3.2, 25.0)
                y += width
    house_across(site, 48, width=20, storeys=3)


def _plaza(site):
    reach = site.draw(13, 18)
    houses(site, -1, -reach, (3, 5))
    houses(site, 1, reach, (3, 5))
    house_across(site, site.draw(28, 38), width=2 * reach + 8, storeys=4)
    stone, y = concrete(site), site.draw(13, 17)
    if site.random.random() < 0.6:
        shape = Shape("fountain")
        basin, bowl = [(2.6, 0), (2.6, 0.5), (2.3, 0.5), (2.3, 0.3), (0.4, 0.3)], [(0.3, 1.2), (0.9, 1.45), (0.9, 1.55), (0.15, 1.5), (0.1, 2.1), (0.01, 2.15)]
        shape.lathe(basin + bowl, stone, 28)
        site.put(shape, site.draw(-3, 3), y)
    else:
        shape = Shape("statue")
        shape.box((0, 0, 0.9), (1.6, 1.6, 1.8), stone)
        shape.tube([(0, 0, 1.8), (0, 0, 3.0), (0.1, 0, 3.5)], [0.35, 0.3, 0.15], dark(site))
        shape.ball((0.1, 0, 3.75), (0.17, 0.16, 0.22), dark(site))
        site.put(shape, site.draw(-3, 3), y)
    trees(site, [(side * site.draw(8, reach - 3), site.draw(10, 26)) for side in (-1, 1) for _ in range(2)])
    for x in (-8, 8):
        lamps(site, x, -1 if x > 0 else 1, 14.0)


def _bus_stop(site):
    _street(site)
    x, y, metal = -site.half + 0.75, site.draw(4.2, 6.0), dark(site)
    y = y if site.is_free(y, 2.2) else (site.cut[1] + 2.4 if site.cut else max(1.0, site.foot - 1.5))
    pane = m.material("shelter glass", (0.1, 0.14, 0.15), 0.08)
    poster = m.material("poster", site.random.choice(((0.6, 0.3, 0.05), (0.08, 0.3, 0.5), (0.5, 0.05, 0.15))), 0.4, glow=0.35)
    parts = [((0, 0, 2.4), (1.5, 3.6, 0.09), metal), ((-0.65, 0, 1.2), (0.03, 3.5, 1.9), pane), ((0, 1.75, 1.2), (1.2, 0.05, 2.1), metal),
             ((0.02, 1.72, 1.25), (0.95, 0.05, 1.6), poster), ((-0.35, -0.2, 0.5), (0.4, 2.4, 0.05), wood(site))]
    parts += [((dx, dy, 1.2), (0.07, 0.07, 2.4), metal) for dx in (-0.65,) for dy in (-1.75, 0, 1.75)] + [((0.6, 1.75, 1.2), (0.07, 0.07, 2.4), metal)]
    boxes(site, "shelter", parts, x, y)
    site.lamp(x, y, 2.2, 25.0)
    pole_y = y - 2.2 if site.is_free(y - 2.2) and not site.bare else y + 4.5
    boxes(site, "stop pole", [((0, 0, 1.45), (0.08, 0.08, 2.9), steel(site))], x + 0.6, pole_y)
    sign, green = Shape("stop sign"), m.material("sign yellow", (0.7, 0.5, 0.02), 0.4)
    sign.lathe([(0.01, -0.03), (0.3, -0.03), (0.3, 0.03), (0.01, 0.03)], m.material("sign green", (0.02, 0.25, 0.08), 0.4), 24, (0, 0, 2.7), 1)
    for dx in (-0.1, 0.1):
        sign.box((dx, 0, 2.7), (0.05, 0.08, 0.3), green)
    sign.box((0, 0, 2.7), (0.2, 0.08, 0.05), green)
    sign.box((0, 0, 1.6), (0.34, 0.05, 0.5), m.material("timetable", (0.7, 0.7, 0.68), 0.5))
    site.put(sign, x + 0.6, pole_y)


def _building_front(site):
    """A facade straight ahead, with a door at the end of the way."""
    y = max(site.draw(8.0, 11.0), (site.cut[1] + 2.0) if site.cut else 0.0, (site.foot + 7.0) if site.foot is not None else 0.0)
    z = site.z if site.foot is None else 0.12
    width = site.draw(14, 22)
    if site.random.random() < 0.5:
        wall_skin = m.bricks((site.draw(0.3, 0.42), site.draw(0.12, 0.22), 0.09))
    else:
        wall_skin = m.plaster((site.draw(0.45, 0.75), site.draw(0.45, 0.65), site.draw(0.35, 0.6)))
    shape, stone, glass, storeys = Shape("block"), concrete(site), m.window_glass(), site.random.randint(3, 5)
    shape.box((0, y + 4, z + 1.7 * storeys), (width, 8, 3.4 * storeys), wall_skin)
    shape.box((0, y - 0.05, z + 0.3), (width + 0.2, 0.2, 0.6), stone)
    for storey in range(storeys):
        shape.box((0, y - 0.02, z + 3.4 * storey + 3.3), (width, 0.16, 0.18), stone)
        for k in range(-3, 4):
            if storey == 0 and k == 0:
                continue
            x, low = k * width / 7.2, z + 3.4 * storey + 1.1
            shape.box((x, y - 0.02, low + 0.85), (1.5, 0.12, 1.95), stone)
            shape.box((x, y - 0.05, low + 0.85), (1.2, 0.1, 1.65), glass)
            shape.box((x, y - 0.06, low + 0.85), (0.06, 0.12, 1.65), stone)
            shape.box((x, y - 0.06, low + 1.2), (1.2, 0.12, 0.06), stone)
    shape.box((0, y - 0.06, z + 1.5), (2.5, 0.2, 3.0), stone)
    shape.box((0, y - 0.5, z + 3.1), (3.2, 1.2, 0.16), stone)
    site.put(shape, 0, 0, 0)
    leaf, knob = m.material("door", site.random.choice(((0.25, 0.03, 0.02), (0.02, 0.07, 0.2), (0.02, 0.12, 0.06), (0.16, 0.07, 0.03))), 0.35), steel(site)
    parts = [((side * 0.48, -0.2, 1.2), (0.92, 0.06, 2.4), leaf) for side in (-1, 1)] + [((side * 0.1, -0.26, 1.1), (0.04, 0.06, 0.25), knob) for side in (-1, 1)]
    parts += [((side * 0.48, -0.24, dz), (0.6, 0.03, 0.7), leaf) for side in (-1, 1) for dz in (0.65, 1.75)]
    boxes(site, "door", parts, 0, y, z)
    for side in (-1, 1):
        site.lamp(side * 1.6, y - 0.6, z + 2.4, 30.0)
        houses(site, side, side * (width / 2 + 1.5), (3, 4), 0, y, y + 20)


def _market(site):
    houses(site, -1, -13, (3, 4))
    houses(site, 1, 13, (3, 4))
    house_across(site, 40, width=30, storeys=4)
    for side in (-1, 1):
        aisle = max(site.half if side < 0 else site.outer, 2.0) + 0.9
        for low, high in site.spans(1.0, 30.0, 1.4):
            y = low + 1.2
            while high - y > 1.2:
                turned = stall(site, side * aisle, y, -side * math.pi / 2, 2.3)
                turned.rotation_euler[2] = side * math.pi / 2
                y += site.draw(2.7, 3.1)
        site.lamp(side * (aisle - 0.9), 4.0, 2.2, 30.0)
        site.lamp(side * (aisle - 0.9), 10.0, 2.2, 30.0)


def _construction_site(site):
    shell, earth = Shape("shell"), m.mottled("earth", (0.14, 0.09, 0.05), 0.5, 4)
    y, x, bare = site.draw(16, 22), site.draw(-10, -4), concrete(site)
    for storey in range(4):
        shell.box((x, y + 5, 3.1 * storey + 3.0), (14, 10, 0.3), bare)
        for i in range(4):
            for j in range(3):
                shell.box((x - 6.5 + 4.33 * i, y + 0.4 + 4.6 * j, 3.1 * storey + 1.5), (0.4, 0.4, 3.0), bare)
    site.put(shell, 0, 0)
    scaffold = Shape("scaffold")
    for i in range(8):
        scaffold.tube([(x - 7 + 2 * i, y - 1, 0), (x - 7 + 2 * i, y - 1, 13)], 0.04, steel(site), 6)
    for storey in range(6):
        scaffold.box((x, y - 0.8, 2.1 * storey + 2), (14.5, 0.9, 0.06), wood(site))
        scaffold.tube([(x - 7, y - 1.2, 2.1 * storey + 3), (x + 7, y - 1.2, 2.1 * storey + 3)], 0.03, steel(site), 6)
    site.put(scaffold, 0, 0)
    yellow = m.material("digger yellow", (0.65, 0.36, 0.02), 0.45)
    crane = Shape("crane")
    for dx, dy in ((-0.6, -0.6), (0.6, -0.6), (-0.6, 0.6), (0.6, 0.6)):
        crane.tube([(dx, dy, 0), (dx, dy, 28)], 0.09, yellow, 5)
    for k in range(14):
        crane.tube([(-0.6, -0.6, 2 * k), (0.6, -0.6, 2 * k + 2)], 0.06, yellow, 4)
    crane.box((-6, 0, 28.3), (34, 0.9, 0.9), yellow)
    site.put(crane, x + 13, y + 16)
    digger = Shape("digger")
    for side in (-1, 1):
        digger.box((0, side * 0.9, 0.4), (3.0, 0.5, 0.8), dark(site))
    digger.box((-0.3, 0, 1.35), (2.2, 1.9, 1.0), yellow)
    digger.box((0.3, -0.35, 2.2), (1.1, 1.0, 1.2), m.material("car glass", (0.02, 0.025, 0.03), 0.05))
    digger.tube([(0.9, 0.4, 1.6), (2.4, 0.4, 3.3), (4.0, 0.4, 2.6)], 0.2, yellow, 6)
    digger.tube([(4.0, 0.4, 2.6), (4.0, 0.4, 1.0)], 0.14, yellow, 6)
    digger.box((3.8, 0.4, 0.7), (0.7, 0.9, 0.7), dark(site))
    site.put(digger, site.outer + 5.5, site.draw(9, 13), turn=site.draw(2, 4))
    for k in range(3):
        heap = Shape("earth")
        r = site.draw(1.5, 3.0)
        heap.ball((0, 0, 0), (r, r * 0.8, r * 0.55), earth, 7, 16)
        site.put(heap, (site.outer if k % 2 else site.edge - 2 * r) + r + site.draw(1.5, 5) * (1 if k % 2 else -1), site.draw(7, 16))
    red = m.material("mesh orange", (0.75, 0.2, 0.02), 0.6)
    side = -1
    parts, x0 = [], side * (max(site.half, 2.0) + 1.1)
    for low, high in site.spans(-5, 30):
        count = int((high - low) / 0.25)
        parts += [((x0, low + 0.25 * k, 0.55), (0.015, 0.015 if k % 8 else 0.06, 1.1), red) for k in range(count)]
        parts += [((x0, (low + high) / 2, 0.1 + 0.2 * k), (0.015, high - low, 0.03), red) for k in range(6)]
    boxes(site, "mesh fence", parts)
    if not site.bare:
        rubble(site, site.half + 1.6, site.draw(6, 9), 1.6)
    site.lamp(4, 9, 6, 90.0, (1.0, 0.95, 0.85))


def _yard(site):
    y = max(site.draw(8, 11), (site.cut[1] + 3) if site.cut else 0.0, (site.foot + 6.5) if site.foot is not None else 0.0)
    z = site.z
    house_across(site, y, x=-site.half - 5.8, width=11, storeys=2)
    garage, door = Shape("garage"), m.material("door", site.random.choice(((0.6, 0.6, 0.57), (0.2, 0.1, 0.05), (0.08, 0.12, 0.1))), 0.5)
    wall_skin = m.plaster((0.6, 0.56, 0.48))
    width = max(3.6, 2 * site.half + 0.6)
    garage.box((0, y + 3, z + 1.45), (width, 6, 2.9), wall_skin)
    garage.box((0, y + 3, z + 3.0), (width + 0.5, 6.5, 0.25), m.roof_tiles((0.2, 0.08, 0.05)))
    for k in range(6):
        garage.box((0, y - 0.02, z + 0.2 + 0.37 * k), (min(2.7, width - 0.6), 0.06, 0.345), door)
    site.put(garage, 0, 0, 0)
    hedges(site, site.outer + 1.6, -5, y, 1.5)
    hedges(site, -site.half - 11.5, -5, y, 1.3)
    trees(site, [(site.outer + 4.5, y + 3), (-site.half - 8, y - 3.5)])
    site.lamp(0, y - 0.5, 2.7, 40.0)
    if site.asks("traffic", "parked_vehicles"):
        site.put(car(site), 0.2, y - 2.9 if y > 7 else y - 2.4, turn=math.pi / 2, tags=[("traffic", "parked_vehicles")])


PLACES = {
    "street": Place((2.4, 4.0), (6.0, 8.5), (2.5, 3.5), "pavement", ("pavement", "paved_sidewalk"), True, _street),
    "residential_street": Place((1.7, 2.6), (4.8, 6.0), (1.6, 2.2), "pavement", ("garden", "grass"), True, _residential_street),
    "shopping_street": Place((4.0, 6.0), None, None, "pavement", ("pavement", "paved_sidewalk"), True, _shopping_street),
    "alley": Place((2.2, 3.2), None, None, "road", ("road", "asphalt"), False, _alley),
    "plaza": Place((8.0, 12.0), None, None, "pavement", ("pavement", "paved_sidewalk"), True, _plaza),
    "bus_stop": Place((2.8, 4.0), (6.5, 8.0), (2.5, 3.5), "pavement", ("pavement", "paved_sidewalk"), True, _bus_stop),
    "building_front": Place((3.0, 6.0), None, None, "pavement", ("pavement", "paved_sidewalk"), True, _building_front),
    "market": Place((2.6, 3.6), None, None, "pavement", ("pavement", "brick_or_cobble"), True, _market),
    "construction_site": Place((2.2, 3.4), None, None, "path", ("earth", "gravel_or_dirt"), True, _construction_site),
    "yard_or_driveway": Place((2.8, 3.8), None, None, "path", ("garden", "grass"), True, _yard),
}
