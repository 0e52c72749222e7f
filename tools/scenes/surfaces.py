"""How the ground looks: paving, cobbles, gravel, grass, sand, snow, water, floors. All depend on the place in the world only."""

from . import materials as m
from .materials import begin, finish, tiles


def _laid(name, colour, width, height, joint, gap, offset=0.5, rough=0.85, spread=0.7, stain=0.35):
    """Courses of stones or tiles that lie flat."""
    made, g, shader = begin(name)
    x, y, _ = g.split(g.position())
    laid = tiles(g, x, y, width, height, colour, [c * spread for c in colour], joint, gap, offset)
    laid = g.mix(g.between(g.noise(1.1, 2, flat=True), 0.4, 0.75, 0.0, stain), laid, [c * 0.45 for c in colour])
    finish(g, shader, laid, rough=rough)
    return made


def slabs(random):
    """Concrete slabs in one of several sizes and greys."""
    if random.random() < 0.4:
        return m.paving()
    shade, size = random.uniform(0.16, 0.4), random.choice(((0.5, 0.5), (0.9, 0.6), (0.4, 0.4), (0.6, 0.3)))
    return _laid("slabs", (shade, shade * 0.97, shade * 0.9), *size, (shade * 0.3,) * 3, 0.012, random.choice((0.0, 0.5)), spread=0.85)


def brick_or_cobble(random):
    """Brick paving, or rounded cobbles."""
    if random.random() < 0.5:
        colour = random.choice(((0.28, 0.1, 0.07), (0.33, 0.17, 0.11), (0.24, 0.12, 0.1)))
        return _laid("brick paving", colour, 0.2, 0.1, (0.05, 0.045, 0.04), 0.012, spread=0.6)
    made, g, shader = begin("cobbles")
    shade = random.uniform(0.12, 0.3)
    cell = {"voronoi_dimensions": "2D"}
    edge = g.node("TexVoronoi", {**cell, "feature": "DISTANCE_TO_EDGE"}, Vector=g.position(), Scale=6.5, Randomness=0.45).outputs["Distance"]
    each = g.node("TexVoronoi", cell, Vector=g.position(), Scale=6.5, Randomness=0.45).outputs["Color"]
    tone = g.mix(g.split(each)[0], [shade * c for c in (0.6, 0.6, 0.62)], [shade * c for c in (1.35, 1.3, 1.2)])
    finish(g, shader, g.mix(g.between(edge, 0.03, 0.12), (0.025, 0.022, 0.02), tone), rough=0.7)
    return made


def _cracks(g, colour, scale=1.1, wide=0.035):
    """`colour` under a net of black cracks, some filled with dirt."""
    edge = g.node("TexVoronoi", {"voronoi_dimensions": "2D", "feature": "DISTANCE_TO_EDGE"}, Vector=g.position(), Scale=scale).outputs["Distance"]
    fine = g.node("TexVoronoi", {"voronoi_dimensions": "2D", "feature": "DISTANCE_TO_EDGE"}, Vector=g.position(), Scale=scale * 4).outputs["Distance"]
    here = g.between(g.noise(0.5, 1, flat=True), 0.4, 0.55)
    colour = g.mix(g.math("MULTIPLY", g.between(fine, 0.0, wide * 1.6, 0.9, 0.0), here), colour, (0.012, 0.011, 0.01))
    return g.mix(g.between(edge, wide * 0.4, wide, 1.0, 0.0), colour, (0.006, 0.006, 0.005))


def cracked(random, base):
    """Broken tarmac or broken slabs."""
    made, g, shader = begin("cracked")
    if base == "asphalt" or (base is None and random.random() < 0.6):
        colour = g.mix(g.noise(3.0, 2, flat=True), (0.055, 0.055, 0.056), (0.15, 0.145, 0.14))
    else:
        x, y, _ = g.split(g.position())
        colour = tiles(g, x, y, 0.6, 0.45, (0.2, 0.19, 0.175), (0.3, 0.285, 0.26), (0.04, 0.035, 0.03), 0.02)
    finish(g, shader, _cracks(g, colour), rough=0.9)
    return made


def gravel(random):
    """Gravel, or trodden earth with stones."""
    made, g, shader = begin("gravel")
    warm = random.choice(((0.3, 0.26, 0.2), (0.22, 0.2, 0.18), (0.24, 0.16, 0.09), (0.15, 0.1, 0.06)))
    each = g.node("TexVoronoi", {"voronoi_dimensions": "2D"}, Vector=g.position(), Scale=random.choice((16.0, 24.0))).outputs["Color"]
    tone = g.mix(g.split(each)[0], [c * 0.35 for c in warm], [min(1.0, c * 1.7) for c in warm])
    finish(g, shader, g.mix(g.between(g.noise(0.8, 2, flat=True), 0.35, 0.65, 0.0, 0.7), tone, [c * 0.6 for c in warm]), rough=0.95)
    return made


def grass(random, dry=0.0):
    """A meadow or lawn; `dry` from 0 to 1 turns it to straw."""
    made, g, shader = begin("grass")
    green = [a + (b - a) * dry for a, b in zip((0.05, 0.13, 0.02), (0.33, 0.26, 0.1))]
    blade = g.node("TexNoise", {"noise_dimensions": "2D"}, Vector=g.position(), Scale=60.0, Detail=1.0).outputs[0]
    tone = g.mix(g.between(blade, 0.3, 0.7), [c * 0.35 for c in green], [c * 1.9 for c in green])
    patch = g.between(g.noise(0.6, 2, flat=True), 0.4, 0.7, 0.0, 0.6)
    finish(g, shader, g.mix(patch, tone, (green[0] * 2.2, green[1] * 1.1, green[2] * 1.2)), rough=1.0)
    return made


def sand(random):
    """Beach sand with ripples."""
    made, g, shader = begin("sand")
    ripple = g.node("TexWave", {"wave_type": "BANDS", "bands_direction": "DIAGONAL"}, Vector=g.position(), Scale=1.4, Distortion=6.0, Detail=1.0).outputs[1]
    tone = g.mix(g.between(ripple, 0.2, 0.8), (0.42, 0.31, 0.18), (0.62, 0.49, 0.31))
    finish(g, shader, g.mix(g.between(g.noise(90, 0, flat=True), 0.3, 0.7, 0.0, 0.35), tone, (0.3, 0.22, 0.13)), rough=1.0)
    return made


def snow(random):
    """Trodden snow, bluish in its hollows, with icy patches."""
    made, g, shader = begin("snow")
    hollow = g.between(g.noise(2.4, 3, flat=True, rough=0.6), 0.38, 0.62)
    ice = g.between(g.noise(0.7, 1, flat=True), 0.55, 0.68)
    colour = g.mix(ice, g.mix(hollow, (0.55, 0.6, 0.7), (0.86, 0.88, 0.92)), (0.5, 0.58, 0.66))
    finish(g, shader, colour, rough=g.between(ice, 0.2, 0.8, 0.75, 0.2))
    return made


def water(random):
    """Open water; its waves are streaks that break the mirror of the sky."""
    made, g, shader = begin("water")
    x, y, _ = g.split(g.position())
    wave = g.noise(1.0, 3, g.join(g.math("MULTIPLY", x, 0.5), g.math("MULTIPLY", y, 1.6)), 0.6)
    finish(g, shader, g.mix(g.between(wave, 0.35, 0.65), (0.012, 0.04, 0.05), (0.05, 0.11, 0.12)), rough=g.between(wave, 0.4, 0.6, 0.04, 0.3))
    return made


def indoor_floor(random):
    """Tiles, planks or carpet-grey stone."""
    kind = random.randrange(3)
    if kind == 0:
        shade = random.uniform(0.35, 0.6)
        return _laid("floor tiles", (shade, shade * 0.96, shade * 0.88), 0.6, 0.6, (shade * 0.4,) * 3, 0.012, 0.0, 0.25, 0.9, 0.1)
    if kind == 1:
        return _laid("planks", (0.3, 0.16, 0.07), 0.14, 2.2, (0.03, 0.015, 0.008), 0.006, 0.4, 0.3, 0.6, 0.1)
    return m.mottled("stone floor", (0.3, 0.28, 0.25), 0.25, 2.0, 0.2)


MAKERS = {
    "paved_sidewalk": slabs, "asphalt": lambda random: m.asphalt(), "brick_or_cobble": brick_or_cobble, "gravel_or_dirt": gravel, "grass": grass, "sand": sand,
    "snow_or_ice": snow, "water": water, "indoor_floor": indoor_floor,
}
"""The materials of the surfaces that cover the ground; the others are things on it."""
