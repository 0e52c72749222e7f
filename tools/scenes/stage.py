"""Sky, sun, camera and render settings."""

import math

import bpy
from mathutils import Matrix

from .nodes import Graph

FIELD_OF_VIEW = math.radians(70)


def empty(samples, width, height, threads, quality, seed):
    """A fresh scene, set up for quick frames of which only the camera changes."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    render, cycles = scene.render, scene.cycles
    render.engine, cycles.device = "CYCLES", "CPU"
    render.use_persistent_data = True
    render.threads_mode, render.threads = "FIXED", threads
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.image_settings.file_format, render.image_settings.quality = "JPEG", quality
    cycles.samples, cycles.seed, cycles.use_animated_seed = samples, seed, False
    cycles.use_adaptive_sampling = False
    cycles.use_denoising, cycles.denoiser, cycles.denoising_quality = True, "OPENIMAGEDENOISE", "BALANCED"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transparent_max_bounces = 2, 1, 1, 2
    cycles.sample_clamp_indirect = 4
    cycles.caustics_reflective = cycles.caustics_refractive = False
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    return scene


def daylight(scene, elevation, direction, sun=4.2, sky=0.16, exposure=0.0):
    """Sun in the compass `direction` (radians from +x towards +y) at `elevation`, and a blue sky with clouds."""
    world = bpy.data.worlds.new("sky")
    scene.world = world
    g = Graph(world)
    texture = g.node("TexSky", {"sky_type": "MULTIPLE_SCATTERING", "sun_disc": False, "sun_elevation": elevation,
                                "sun_rotation": math.pi / 2 - direction, "aerosol_density": 1.6})
    up = g.node("TexCoord").outputs["Generated"]
    x, y, z = g.split(up)
    flat = g.math("ADD", g.math("MAXIMUM", z, 0.0), 0.18)
    cloud = g.noise(1.6, 5, g.join(g.math("DIVIDE", x, flat), g.math("DIVIDE", y, flat)), 0.6)
    clouded = g.mix(g.between(cloud, 0.48, 0.68, 0.0, 0.85), texture.outputs[0], (5.5, 5.6, 5.8))
    seen = g.tree.nodes["Background"]
    g.set(seen.inputs["Color"], clouded)
    seen.inputs["Strength"].default_value = sky
    # What lights the street is plain: clouds at every bounce would be slow.
    plain = g.node("Background", Color=texture.outputs[0], Strength=sky * 1.15)
    choice = g.node("MixShader", Fac=g.node("LightPath").outputs["Is Camera Ray"])
    g.set(choice.inputs[1], plain.outputs[0])
    g.set(choice.inputs[2], seen.outputs[0])
    g.set(g.tree.nodes["World Output"].inputs["Surface"], choice.outputs[0])

    light = bpy.data.lights.new("sun", "SUN")
    light.energy, light.angle, light.color = sun, math.radians(0.6), (1.0, 0.93, 0.83)
    lamp = bpy.data.objects.new("sun", light)
    lamp.rotation_euler = (0, math.pi / 2 - elevation, direction)
    scene.collection.objects.link(lamp)
    scene.view_settings.exposure = exposure


def camera(scene):
    """The walker's camera."""
    data = bpy.data.cameras.new("camera")
    data.sensor_fit, data.angle = "HORIZONTAL", FIELD_OF_VIEW
    made = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(made)
    scene.camera = made
    return made


def aim(made, pose):
    """Move the camera to a `path.Pose`."""
    made.location = (pose.x, pose.y, pose.z)
    turn = (Matrix.Rotation(pose.heading - math.pi / 2, 3, "Z") @ Matrix.Rotation(math.pi / 2 - pose.tilt, 3, "X")
            @ Matrix.Rotation(pose.roll, 3, "Z"))
    made.rotation_euler = turn.to_euler("XYZ")
