"""How surfaces look. Each function makes one material; colours are linear RGB.

Shading is most of a frame's cost: textures keep to few octaves, and there are no bump maps, which evaluate their height three times and
do not show at the size of these frames.
"""

import bpy

from .nodes import Graph


def material(name, colour, rough=0.8, **more):
    """A plain material; `more` are further inputs of the Principled shader."""
    made, graph, shader = begin(name)
    finish(graph, shader, colour, rough=rough, **more)
    return made


def begin(name):
    """A new material, its graph and its shader."""
    made = bpy.data.materials.new(name)
    graph = Graph(made)
    return made, graph, graph.tree.nodes["Principled BSDF"]


def finish(graph, shader, colour, **inputs):
    """Give the shader its colour and inputs: rough, metal, coat, glow."""
    graph.set(shader.inputs["Base Color"], colour)
    names = {"rough": "Roughness", "metal": "Metallic", "coat": "Coat Weight", "glow": "Emission Strength"}
    for key, value in inputs.items():
        graph.set(shader.inputs[names[key]], value)
    if "glow" in inputs:
        graph.set(shader.inputs["Emission Color"], colour)


def mottled(name, colour, amount=0.3, scale=6.0, rough=0.9):
    """One colour, lighter and darker in patches and grains: plaster, stone, cloth, bark, earth."""
    made, g, shader = begin(name)
    grain = g.math("ADD", g.math("MULTIPLY", g.noise(scale, 1), 0.6), g.math("MULTIPLY", g.noise(scale * 12, 0), 0.4))
    dark, light = ([c * (1 + sign * amount) for c in colour] for sign in (-1, 1))
    finish(g, shader, g.mix(g.between(grain, 0.3, 0.7), dark, light), rough=rough)
    return made


def _asphalt_colour(g):
    """Dark tarmac: grains, patches, oil, cracks."""
    colour = g.mix(g.between(g.noise(85, 0, flat=True), 0.3, 0.75), (0.02, 0.02, 0.022), (0.078, 0.076, 0.073))
    colour = g.mix(g.between(g.noise(0.7, 2, flat=True), 0.35, 0.7), colour, (0.075, 0.073, 0.07))
    cloud = g.noise(0.45, 3, flat=True, rough=0.6)
    colour = g.mix(g.between(cloud, 0.62, 0.7, 0.0, 0.6), colour, (0.015, 0.015, 0.016))
    vein = g.math("ABSOLUTE", g.math("SUBTRACT", cloud, 0.47))
    return g.mix(g.between(vein, 0.0012, 0.004, 0.8, 0.0), colour, (0.008, 0.008, 0.008))


def asphalt():
    """The road."""
    made, g, shader = begin("asphalt")
    finish(g, shader, _asphalt_colour(g), rough=0.85)
    return made


def road_paint(wear=0.5):
    """White paint on the road, worn through to the asphalt in specks and in the tracks of tyres."""
    made, g, shader = begin("road paint")
    worn = g.math("ADD", g.math("MULTIPLY", g.noise(2.2, 4, rough=0.65, flat=True), 0.62), g.math("MULTIPLY", g.noise(38, 1, flat=True), 0.38))
    across = g.split(g.position())[0]
    track = g.between(g.math("ABSOLUTE", g.math("SUBTRACT", g.math("ABSOLUTE", across), 1.15)), 0.0, 0.5, 0.07, 0.0)
    left = g.between(g.math("ADD", worn, track), 0.44 + 0.2 * wear, 0.58 + 0.2 * wear, 0.0, 1.0)
    white = g.mix(g.between(g.noise(6, 1, flat=True), 0.3, 0.7), (0.62, 0.61, 0.57), (0.78, 0.78, 0.75))
    finish(g, shader, g.mix(left, white, _asphalt_colour(g)), rough=0.7)
    return made


def tiles(g, along, up, width, height, a, b, joint, gap, offset=0.5):
    """Colour of courses of tiles; `along` and `up` are in metres."""
    node = g.node("TexBrick", {"offset": offset}, Vector=g.join(along, up), Scale=1.0, Color1=a, Color2=b, Mortar=joint,
                  Mortar_Size=gap, Brick_Width=width, Row_Height=height, Mortar_Smooth=0.2, Bias=0.0)
    return node.outputs[0]


def paving():
    """Grey concrete slabs, each a little different, dirt in the joints, stains and chewing gum."""
    made, g, shader = begin("paving")
    x, y, _ = g.split(g.position())
    colour = tiles(g, x, y, 0.6, 0.45, (0.22, 0.212, 0.2), (0.3, 0.288, 0.268), (0.07, 0.065, 0.055), 0.006)
    colour = g.mix(g.between(g.noise(1.3, 3, flat=True), 0.35, 0.7, 0.0, 0.45), colour, (0.17, 0.16, 0.145))
    colour = g.mix(g.between(g.noise(70, 0, flat=True), 0.3, 0.7, 0.0, 0.3), colour, (0.36, 0.35, 0.33))
    gum = g.node("TexVoronoi", {"voronoi_dimensions": "2D"}, Vector=g.position(), Scale=2.6).outputs["Distance"]
    colour = g.mix(g.between(gum, 0.03, 0.05, 0.5, 0.0), colour, (0.09, 0.09, 0.09))
    finish(g, shader, colour, rough=0.85)
    return made


def stone_blocks(name="kerb", colour=(0.36, 0.35, 0.33), length=0.9):
    """Kerb stones: long blocks with thin joints, laid along y."""
    made, g, shader = begin(name)
    x, y, _ = g.split(g.position())
    darker, lighter = [c * 0.82 for c in colour], [c * 1.1 for c in colour]
    laid = tiles(g, y, x, length, 50.0, darker, lighter, (0.06, 0.06, 0.055), 0.008, 0.0)
    laid = g.mix(g.between(g.noise(45, 0), 0.35, 0.7, 0.0, 0.5), laid, [c * 0.6 for c in colour])
    finish(g, shader, laid, rough=0.85)
    return made


def bricks(colour, name="bricks"):
    """A brick wall; walls must stand along x or y."""
    made, g, shader = begin(name)
    x, y, z = g.split(g.position())
    second = [c * 0.68 for c in colour]
    laid = tiles(g, g.math("ADD", x, y), z, 0.225, 0.075, colour, second, (0.34, 0.32, 0.28), 0.006)
    laid = g.mix(g.between(g.noise(0.6, 2), 0.4, 0.75, 0.0, 0.45), laid, [c * 0.5 for c in colour])
    finish(g, shader, laid, rough=0.9)
    return made


def plaster(colour):
    """Painted plaster, dirty near the ground and under the eaves."""
    made, g, shader = begin("plaster")
    z = g.split(g.position())[2]
    dirt = g.math("MULTIPLY", g.between(z, 0.1, 1.6, 0.6, 0.05), g.between(g.noise(1.5, 2), 0.3, 0.7))
    finish(g, shader, g.mix(dirt, colour, [c * 0.45 for c in colour]), rough=0.95)
    return made


def roof_tiles(colour):
    """Rows of clay tiles on a slope towards x."""
    made, g, shader = begin("roof tiles")
    x, y, _ = g.split(g.position())
    laid = tiles(g, y, x, 0.24, 0.22, colour, [c * 0.6 for c in colour], [c * 0.2 for c in colour], 0.012)
    finish(g, shader, laid, rough=0.8)
    return made


def window_glass():
    """Dark panes that mirror the sky, with a hint of curtains."""
    made, g, shader = begin("window glass")
    x, y, z = g.split(g.position())
    fold = g.node("TexNoise", Vector=g.join(g.math("MULTIPLY", g.math("ADD", x, y), 6.0), g.math("MULTIPLY", z, 0.4)),
                  Scale=1.0, Detail=2.0).outputs[0]
    finish(g, shader, g.mix(g.between(fold, 0.48, 0.62), (0.012, 0.016, 0.02), (0.16, 0.155, 0.14)), rough=0.04)
    return made


def stripes(name, a, b, width, slant=1.0, rough=0.5):
    """Slanted stripes in two colours, each `width` wide, on boards that stand along x."""
    made, g, shader = begin(name)
    x, _, z = g.split(g.node("TexCoord").outputs["Object"])
    phase = g.math("FRACT", g.math("DIVIDE", g.math("ADD", x, g.math("MULTIPLY", z, slant)), 2 * width))
    colour = g.mix(g.math("GREATER_THAN", phase, 0.5), a, b)
    colour = g.mix(g.between(g.noise(5, 2, rough=0.7), 0.5, 0.75, 0.0, 0.5), colour, (0.12, 0.1, 0.08))
    finish(g, shader, colour, rough=rough)
    return made


def leaves(colour):
    """Foliage: light shines through, every tree in its own shade."""
    made, g, shader = begin("leaves")
    each = g.node("ObjectInfo").outputs["Random"]
    light = g.mix(g.noise(2.2, 0), [c * 0.45 for c in colour], [c * 1.5 for c in colour])
    light = g.mix(g.math("MULTIPLY", each, 0.5), light, [colour[0] * 1.7, colour[1], colour[2] * 0.6])
    through = g.node("BsdfTranslucent", Color=light)
    surface = g.node("BsdfDiffuse", Color=light)
    both = g.node("MixShader", Fac=0.35)
    g.set(both.inputs[1], surface.outputs[0])
    g.set(both.inputs[2], through.outputs[0])
    g.tree.nodes.remove(shader)
    g.set(g.tree.nodes["Material Output"].inputs["Surface"], both.outputs[0])
    return made
