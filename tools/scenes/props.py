"""What many places share: rows of houses and trees, lamps, fences, boxes of all kinds."""

import math

from . import materials as m
from .buildings import Houses
from .greenery import hedge, tree
from .mesh import Shape
from .site import FAR, NEAR
from .things import lamp_post

STEEL, DARK, CONCRETE, WOOD = (0.4, 0.41, 0.42), (0.03, 0.035, 0.035), (0.36, 0.35, 0.33), (0.2, 0.11, 0.055)
BRIGHT = [(0.55, 0.05, 0.04), (0.05, 0.2, 0.5), (0.65, 0.45, 0.05), (0.06, 0.3, 0.12), (0.6, 0.58, 0.52), (0.45, 0.1, 0.3)]


def steel(site):
    """Galvanised metal."""
    return site.keep("steel", lambda: m.material("steel", STEEL, 0.35, metal=0.9))


def dark(site):
    """Metal painted nearly black."""
    return site.keep("dark", lambda: m.material("dark metal", DARK, 0.5, metal=0.4))


def concrete(site):
    """Weathered concrete."""
    return site.keep("concrete", lambda: m.mottled("stone concrete", CONCRETE, 0.25, 1.5))


def wood(site):
    """Brown boards."""
    return site.keep("wood", lambda: m.mottled("wood", WOOD, 0.35, 14))


def painted(site, rough=0.5):
    """A bright paint, another each time."""
    return m.material("paint", site.random.choice(BRIGHT), rough)


def striped(site):
    """The cloth of an awning."""
    colour = site.random.choice(((0.5, 0.03, 0.03), (0.03, 0.25, 0.1), (0.04, 0.12, 0.4), (0.6, 0.35, 0.02)))
    return m.stripes("awning stripes", (0.75, 0.73, 0.68), colour, 0.22, 0.0)


def houses(site, side, front, storeys=(2, 3), gap=0.0, near=NEAR - 6, far=50.0, depth=8.0):
    """A row along the way at x = `front`, facing it (`side` -1: houses at smaller x); `gap` is the chance of a gap after each."""
    maker = site.keep("houses", lambda: Houses(site.random))
    for low, high in site.spans(near, far, 1.5):
        y = low
        while high - y > 4.0:
            width = min(site.draw(6.5, 11.0), high - y)
            maker.house(side, front, y, width, site.random.randint(*storeys), depth, site.z)
            y += width + (site.draw(2.0, 4.0) if site.random.random() < gap else 0.0)


def house_across(site, y, x=0.0, width=14.0, storeys=2, depth=8.0):
    """A house that faces the walker."""
    maker = site.keep("houses", lambda: Houses(site.random))
    made = maker.house(1, 0, -width / 2, width, storeys, depth, site.z)
    made.location, made.rotation_euler = (x, y, 0), (0, 0, math.pi / 2)
    return made


def leaf(site):
    """Foliage of the season."""
    green = (site.draw(0.04, 0.1), site.draw(0.1, 0.19), 0.025)
    return site.keep("leaf", lambda: m.leaves((0.3, 0.13, 0.02) if site.random.random() < 0.15 else green))


def trees(site, spots, low=5.5, high=7.5):
    """Trees at each (x, y), of two shapes."""
    bark = site.keep("bark", lambda: m.mottled("bark", (0.1, 0.075, 0.05), 0.4, 10))
    shapes = [site.keep(("tree", k), lambda: tree(site.random, leaf(site), bark, site.draw(low, high), 1700, 0.27)) for k in range(2)]
    for x, y in spots:
        if site.is_free(y, 0.0) or abs(x) > site.half + 4:
            site.put(site.random.choice(shapes), x, y, turn=site.draw(0, 6.28), scale=site.draw(0.8, 1.2))


def far_trees(site, y=55.0, reach=45, count=14):
    """A line of trees at the end of the view."""
    trees(site, [(site.draw(-reach, reach), y + site.draw(-6, 8)) for _ in range(count)])


def hills(site, y=130.0):
    """Rounded hills at the horizon."""
    shape = Shape("hill")
    tint = m.mottled("hill", (0.07, 0.1, 0.06) if site.ask.weather != "snow" else (0.5, 0.54, 0.58), 0.3, 0.05)
    for _ in range(5):
        shape.ball((site.draw(-130, 130), y + site.draw(0, 40), -4), (site.draw(40, 90), 25, site.draw(9, 22)), tint)
    site.put(shape, 0, 0, 0)


def hedges(site, x, near=-4.0, far=30.0, height=1.1):
    """A hedge along the way."""
    length = site.keep(("hedge", height), lambda: hedge(site.random, leaf(site), 5.0, height))
    for low, high in site.spans(near, far, 0.5):
        for k in range(int((high - low) / 5.0)):
            site.put(length, x, low + 5.0 * k)


def lamps(site, x, side, spacing=16.0):
    """A row of lamp posts whose arms reach to `side`; none is near where nothing may stand in the way."""
    post = site.keep(("lamp post", side), lambda: lamp_post(side))
    y = site.draw(13, 17) if site.bare else site.draw(4, 10)
    while y < 60:
        if site.is_free(y, 0.2):
            site.put(post, x, y)
            site.lamp(x - side * 1.3, y, site.z + 5.7)
        y += spacing
    site.lamp(x - side * 1.3, 1.0, site.z + 5.7)


def railing(site, x, near=NEAR, far=FAR, height=1.1, name="railing", every=0.16, material=None):
    """Posts, a handrail and bars along the way."""
    material = material or dark(site)
    shape = Shape(name)
    for low, high in site.spans(near, far):
        for z in (height, 0.12):
            shape.box((x, (low + high) / 2, z), (0.05, high - low, 0.05), material)
        y = low
        while y < high:
            thick = 0.06 if int(y / every) % 12 == 0 else 0.018
            shape.box((x, y, height / 2), (thick, thick, height), material)
            y += every if y < 16 else every * 4
    site.put(shape, 0, 0)


def board_fence(site, x, near=NEAR, far=40.0, height=1.6, material=None):
    """A closed fence of upright boards along the way."""
    material = material or wood(site)
    shape = Shape("fence")
    for low, high in site.spans(near, far):
        y = low
        while y < high - 0.3:
            wide = 0.28 if y < 14 else 1.4
            shape.box((x, y + wide / 2, height / 2 + site.draw(-0.02, 0.02)), (0.03, wide - 0.02, height), material)
            y += wide
        for z in (0.35, height - 0.3):
            shape.box((x - 0.04, (low + high) / 2, z), (0.04, high - low, 0.1), material)
    site.put(shape, 0, 0)


def wall(site, x, height, material, name="wall", near=NEAR, far=FAR, thick=0.3):
    """A wall along the way."""
    shape = Shape(name)
    for low, high in site.spans(near, far):
        shape.box((x, (low + high) / 2, height / 2 - 0.2), (thick, high - low, height + 0.4), material)
    site.put(shape, 0, 0)


def boxes(site, name, parts, x=0.0, y=0.0, z=None, turn=0.0, tags=(), bevel=0.0):
    """One object of boxes, each (centre, size, material)."""
    shape = Shape(name)
    for centre, size, material in parts:
        shape.box(centre, size, material)
    return site.put(shape, x, y, z, turn, tags, bevel=bevel)
