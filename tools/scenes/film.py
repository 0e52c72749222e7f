"""From a built scene to files: the picture with what falls and drifts before the lens, the map of things, and the layers that truth is told from."""

import math
import os
import struct
import tempfile
import zlib
from pathlib import Path

import bpy
import numpy

from . import classes, stage
from .site import objects
from .told import Layers

SKY = classes.THINGS["sky"]


class Lens:
    """Renders a scene that stays as it is, from wherever the camera stands; the layers come from one ray through each pixel and are exact."""

    def __init__(self, scene):
        self.names, values = [], [SKY]
        for number, each in enumerate(objects(), 1):
            each.pass_index = number
            self.names.append(each.name)
            values.append(classes.thing_of_shape(each.name))
        for each in bpy.data.materials:
            each.pass_index = classes.thing_of_material(each.name)
        self.values, self.folder = numpy.array(values), tempfile.TemporaryDirectory()
        _passes(scene, self.folder.name)

    def look(self, camera):
        """The layers of one picture."""
        bpy.ops.render.render(write_still=False)
        light, data = (_read(f"{self.folder.name}/{name}.exr") for name in ("light", "data"))
        depth, number, own = data[..., 0], data[..., 1].round().astype(int), data[..., 2].round().astype(int)
        thing = numpy.where(own > 0, own, self.values[number]).astype(numpy.uint8)
        x, y, z = _world(camera, depth)
        return Layers(light[..., :3], depth, number, thing, x, y, z, self.names, tuple(camera.matrix_world.translation[:2]))


def _passes(scene, folder):
    """Have the next render write its light, and depth, object and material in one picture, into `folder`."""
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_object_index = layer.use_pass_material_index = True
    tree = bpy.data.node_groups.new("passes", "CompositorNodeTree")
    scene.compositing_node_group, scene.render.use_compositing = tree, True
    source, joined, out = (tree.nodes.new("CompositorNode" + kind) for kind in ("RLayers", "CombineColor", "OutputFile"))
    out.directory, out.file_name = folder, ""
    out.format.media_type, out.format.file_format, out.format.color_depth, out.format.exr_codec = "IMAGE", "OPEN_EXR", "32", "NONE"
    for slot, name in enumerate(("Depth", "Object Index", "Material Index")):
        tree.links.new(source.outputs[name], joined.inputs[slot])
    for slot, (name, socket) in enumerate((("light", source.outputs["Image"]), ("data", joined.outputs[0]))):
        out.file_output_items.new("RGBA", name)
        tree.links.new(socket, out.inputs[slot])


def _read(path):
    image = bpy.data.images.load(path)
    image.colorspace_settings.name = "Non-Color"
    flat = numpy.empty(len(image.pixels), numpy.float32)
    image.pixels.foreach_get(flat)
    width, height = image.size
    bpy.data.images.remove(image)
    return flat.reshape(height, width, 4)[::-1]


def _world(camera, depth):
    """Where the surfaces at `depth` are."""
    height, width = depth.shape
    half = math.tan(stage.FIELD_OF_VIEW / 2)
    across = (2 * (numpy.arange(width) + 0.5) / width - 1) * half
    up = (1 - 2 * (numpy.arange(height) + 0.5) / height) * half * height / width
    far = numpy.minimum(depth, 1e4)
    local = numpy.stack([far * across, far * up[:, None], -far])
    turn, at = numpy.array(camera.matrix_world.to_3x3()), numpy.array(camera.matrix_world.translation)
    return numpy.tensordot(turn, local, 1) + at[:, None, None]


def picture(scene, light, path, quality=88):
    """Write linear light as the JPEG that a camera would give."""
    height, width = light.shape[:2]
    image = bpy.data.images.new("picture", width, height, float_buffer=True)
    image.pixels.foreach_set(numpy.dstack([light, numpy.ones((height, width))])[::-1].astype(numpy.float32).ravel())
    settings = scene.render.image_settings
    settings.file_format, settings.quality, settings.color_mode = "JPEG", quality, "RGB"
    aside = path.with_name(f".{path.name}.part")
    image.save_render(str(aside), scene=scene)
    os.replace(aside, path)


def grey(values, path):
    """Write an array of bytes as a PNG of one channel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width = values.shape
    rows = numpy.hstack([numpy.zeros((height, 1), numpy.uint8), values]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    aside = path.with_name(f".{path.name}.part")
    aside.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
    os.replace(aside, Path(path))
