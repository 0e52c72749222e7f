"""Light and weather as the scene has them: the sky, the sun, lamps and lit windows, wet ground, lying snow."""

import math
from typing import NamedTuple

import bpy

from .classes import plain
from .nodes import Graph
from .request import ROOFED


class Mood(NamedTuple):
    """Linear RGB of the sky at the horizon, overhead, and of its clouds; their share; the sun's strength (0: none), colour, height in degrees."""
    horizon: tuple
    zenith: tuple
    cloud: tuple
    clouds: float
    sun: float
    colour: tuple
    height: tuple


WHITE, WARM, LOW = (1.0, 0.95, 0.87), (1.0, 0.85, 0.65), (1.0, 0.42, 0.16)
MOODS = {
    ("dry", "day"): Mood((0.42, 0.62, 0.95), (0.06, 0.18, 0.62), (1.05, 1.05, 1.05), 0.35, 4.2, WHITE, (25, 62)),
    ("overcast", "day"): Mood((0.72, 0.74, 0.76), (0.5, 0.53, 0.57), (0.88, 0.89, 0.9), 1.0, 0.0, WHITE, (40, 60)),
    ("rain", "day"): Mood((0.42, 0.45, 0.48), (0.24, 0.26, 0.3), (0.4, 0.42, 0.46), 1.0, 0.0, WHITE, (40, 60)),
    ("snow", "day"): Mood((0.74, 0.77, 0.8), (0.58, 0.61, 0.66), (0.74, 0.76, 0.79), 1.0, 0.0, WHITE, (40, 60)),
    ("fog", "day"): Mood((0.72, 0.74, 0.75), (0.7, 0.72, 0.74), (0.74, 0.76, 0.77), 1.0, 0.0, WHITE, (40, 60)),
    ("dry", "dusk"): Mood((0.62, 0.24, 0.09), (0.035, 0.06, 0.17), (0.4, 0.15, 0.12), 0.45, 0.5, LOW, (3, 8)),
    ("overcast", "dusk"): Mood((0.2, 0.16, 0.16), (0.06, 0.065, 0.1), (0.15, 0.13, 0.15), 1.0, 0.0, LOW, (5, 8)),
    ("rain", "dusk"): Mood((0.13, 0.12, 0.14), (0.035, 0.04, 0.065), (0.09, 0.09, 0.12), 1.0, 0.0, LOW, (5, 8)),
    ("snow", "dusk"): Mood((0.18, 0.16, 0.19), (0.07, 0.075, 0.12), (0.14, 0.13, 0.18), 1.0, 0.0, LOW, (5, 8)),
    ("fog", "dusk"): Mood((0.19, 0.17, 0.18), (0.12, 0.12, 0.15), (0.17, 0.16, 0.18), 1.0, 0.0, LOW, (5, 8)),
}
NIGHT = Mood((0.012, 0.013, 0.02), (0.002, 0.003, 0.007), (0.012, 0.011, 0.012), 0.4, 0.0, WARM, (40, 60))


def light(scene, site):
    """Sky, sun and lamps as the request's weather and light want them; the lamps that are lit stand around 6 m and what lies further."""
    ask, random = site.ask, site.random
    mood = NIGHT if ask.light == "night" else MOODS[ask.weather, "day" if ask.light == "indoors" else ask.light]
    _sky(scene, mood, random)
    if mood.sun:
        _sun(scene, mood, random)
    dark = ask.light in ("dusk", "night")
    if dark or ask.light == "indoors":
        for x, y, z, power, colour in sorted(site.lamps, key=lambda lamp: abs(lamp[1] - 6 - ask.further))[:8]:
            _lamp(scene, (x, y, z), power, colour)
    if dark:
        _lit_windows(0.5 if ask.light == "night" else 0.3, 2.2 if ask.light == "night" else 1.4)
    if ask.light == "night" and not site.lamps:
        _lamp(scene, (2.0, 4.0, 5.5), 90.0, (1.0, 0.72, 0.42))


def _sky(scene, mood, random):
    world = bpy.data.worlds.new("sky")
    scene.world = world
    # A fine map of where light comes from would take longer than the picture.
    world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", 64
    g = Graph(world)
    x, y, z = g.split(g.node("TexCoord").outputs["Generated"])
    plain = g.mix(g.between(g.math("POWER", g.math("MAXIMUM", z, 0.0), 0.55), 0.0, 1.0), mood.horizon, mood.zenith)
    flat = g.math("ADD", g.math("MAXIMUM", z, 0.0), 0.18)
    shift = random.uniform(0, 50)
    cloud = g.noise(1.6, 4, g.join(g.math("DIVIDE", x, flat), g.math("DIVIDE", y, flat), shift), 0.6)
    low = 0.62 - 0.3 * mood.clouds
    clouded = g.mix(g.between(cloud, low, low + 0.22, 0.0, 0.9 if mood.clouds < 1 else 0.7), plain, mood.cloud)
    # What lights the street is plain: clouds at every bounce would be slow.
    seen, lit = g.tree.nodes["Background"], g.node("Background", Color=plain, Strength=1.0)
    g.set(seen.inputs["Color"], clouded)
    choice = g.node("MixShader", Fac=g.node("LightPath").outputs["Is Camera Ray"])
    g.set(choice.inputs[1], lit.outputs[0])
    g.set(choice.inputs[2], seen.outputs[0])
    g.set(g.tree.nodes["World Output"].inputs["Surface"], choice.outputs[0])


def _sun(scene, mood, random):
    data = bpy.data.lights.new("sun", "SUN")
    data.energy, data.angle, data.color = mood.sun, math.radians(0.8), mood.colour
    made = bpy.data.objects.new("sun", data)
    made.rotation_euler = (0, math.pi / 2 - math.radians(random.uniform(*mood.height)), random.uniform(-math.pi, math.pi))
    scene.collection.objects.link(made)


def _lamp(scene, at, power, colour):
    data = bpy.data.lights.new("lamp", "POINT")
    data.energy, data.color, data.shadow_soft_size = power * 4, colour, 0.2
    made = bpy.data.objects.new("lamp light", data)
    made.location = at
    scene.collection.objects.link(made)


def _principled(name):
    """Graph and shader of every material of that name."""
    for each in bpy.data.materials:
        shader = each.node_tree.nodes.get("Principled BSDF") if each.node_tree and plain(each.name) == name else None
        if shader:
            yield Graph(each), shader


def _lit_windows(share, strength):
    """Let some panes glow, each window as a whole."""
    for g, shader in _principled("window glass"):
        x, y, z = g.split(g.position())
        cell = [g.math("FLOOR", g.math("DIVIDE", along, size)) for along, size in ((g.math("ADD", x, y), 2.1), (z, 2.9))]
        lot = g.node("TexWhiteNoise", {"noise_dimensions": "2D"}, Vector=g.join(*cell)).outputs["Value"]
        g.set(shader.inputs["Emission Color"], (1.0, 0.62, 0.28))
        g.set(shader.inputs["Emission Strength"], g.math("MULTIPLY", g.math("LESS_THAN", lot, share), strength))
    for name, glow in (("shop glass", 1.6), ("lamp", 14.0), ("head lamp", 14.0), ("tail lamp", 4.0), ("bus glass", 0.7), ("train glass", 0.9)):
        for g, shader in _principled(name):
            if shader.inputs["Emission Strength"].default_value == 0:
                colour = (1.0, 0.03, 0.02) if name == "tail lamp" else (1.0, 0.8, 0.52)
                g.set(shader.inputs["Emission Color"], colour)
                g.set(shader.inputs["Emission Strength"], glow)
    for each in bpy.data.materials:
        each.cycles.emission_sampling = "NONE"


DRY = ("skin", "hair", "coat", "trousers", "leaves", "puddle", "water", "snow", "window glass", "shop glass", "lamp", "head lamp", "tail lamp", "signal", "rucksack",
       "car glass", "bus glass", "train glass", "grass", "sand", "sky light")
GROUND = ("asphalt", "paving", "slabs", "brick paving", "cobbles", "cracked", "gravel", "road paint", "kerb", "stone", "tactile", "tar", "deck")


def weather(site):
    """Wet what rain wets, whiten what snow lies on."""
    ask = site.ask
    if ask.place in ROOFED or ask.place == "tunnel" or ask.weather not in ("rain", "snow"):
        return
    for each in list(bpy.data.materials):
        shader = each.node_tree.nodes.get("Principled BSDF") if each.node_tree else None
        if not shader or each.name.startswith(DRY):
            continue
        ground = each.name.startswith(GROUND)
        if ask.weather == "rain" and ground:
            _wet(Graph(each), shader)
        elif ask.weather == "snow":
            cleared = ground and not site.asks("surface", "snow_or_ice")
            _snowed(Graph(each), shader, 0.3 if cleared else 0.9)
    if ask.weather == "snow":
        for each in bpy.data.materials:
            if each.name.startswith("grass"):
                _snowed(Graph(each), each.node_tree.nodes["Principled BSDF"], 1.0 if not site.asks("surface", "grass") else 0.5)


def _colour(g, shader):
    """What feeds the shader's colour: a socket or a value."""
    socket = shader.inputs["Base Color"]
    return socket.links[0].from_socket if socket.links else tuple(socket.default_value)[:3]


def _wet(g, shader):
    """Darker, and a mirror in patches."""
    pool = g.between(g.noise(0.9, 2, flat=True), 0.44, 0.6)
    g.set(shader.inputs["Base Color"], g.mix(1.0, _colour(g, shader), g.mix(pool, (0.55, 0.55, 0.57), (0.28, 0.28, 0.3)), "MULTIPLY"))
    g.set(shader.inputs["Roughness"], g.between(pool, 0.0, 1.0, 0.3, 0.03))


def _snowed(g, shader, share):
    """White where it faces up, in patches that leave `1 - share` bare."""
    up = g.between(g.split(g.node("NewGeometry").outputs["Normal"])[2], 0.45, 0.75)
    patch = g.between(g.noise(1.3, 2, flat=True, rough=0.6), 0.68 - 0.45 * share, 0.76 - 0.45 * share)
    g.set(shader.inputs["Base Color"], g.mix(g.math("MULTIPLY", up, patch), _colour(g, shader), (0.82, 0.85, 0.9)))
