"""A shorthand for shader node graphs: nodes are made with their inputs, which are values or other nodes' outputs."""

import warnings

import bpy

warnings.filterwarnings("ignore", category=DeprecationWarning)


class Graph:
    """The node tree of a material or a world."""

    def __init__(self, owner):
        owner.use_nodes = True
        self.tree = owner.node_tree

    def node(self, kind, settings=None, **inputs):
        """A node of `kind` (without the ShaderNode prefix); an input name has `_` for each space."""
        node = self.tree.nodes.new("ShaderNode" + kind)
        for key, value in (settings or {}).items():
            setattr(node, key, value)
        for name, value in inputs.items():
            self.set(node.inputs[name.replace("_", " ")], value)
        return node

    def set(self, socket, value):
        """Connect `socket` to another, or give it a value."""
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        elif socket.type == "RGBA" and len(value) == 3:
            socket.default_value = (*value, 1)
        else:
            socket.default_value = value

    def position(self):
        """Where on the world's surfaces the ray hit: textures are fixed to the world."""
        return self.node("NewGeometry").outputs["Position"]

    def noise(self, scale, detail=1, vector=None, rough=0.5, flat=False):
        """Cloudy noise around 0.5; each `detail` doubles its cost. `flat` noise depends on x and y only and is cheaper."""
        vector = vector or self.position()
        return self.node("TexNoise", {"noise_dimensions": "2D" if flat else "3D"}, Vector=vector, Scale=scale, Detail=detail, Roughness=rough).outputs[0]

    def math(self, operation, a, b=0.0):
        """`a operation b`, as in Blender's math node."""
        node = self.node("Math", {"operation": operation})
        self.set(node.inputs[0], a)
        self.set(node.inputs[1], b)
        return node.outputs[0]

    def between(self, value, low, high, to_low=0.0, to_high=1.0):
        """`value` mapped from low..high to to_low..to_high, smooth and clamped."""
        node = self.node("MapRange", {"interpolation_type": "SMOOTHSTEP"})
        for socket, v in zip(node.inputs, (value, low, high, to_low, to_high)):
            self.set(socket, v)
        return node.outputs[0]

    def mix(self, share, a, b, blend="MIX"):
        """Colour `a` with `share` of `b`."""
        node = self.node("MixRGB", {"blend_type": blend})
        for socket, v in zip(node.inputs, (share, a, b)):
            self.set(socket, v)
        return node.outputs[0]

    def split(self, vector):
        """The x, y and z of a vector."""
        return self.node("SeparateXYZ", Vector=vector).outputs

    def join(self, x, y, z=0.0):
        """A vector from numbers."""
        node = self.node("CombineXYZ")
        for socket, v in zip(node.inputs, (x, y, z)):
            self.set(socket, v)
        return node.outputs[0]
