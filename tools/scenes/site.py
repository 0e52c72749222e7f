"""Where a picture is taken: the way on which the walker stands, what lies beside and across it, and what has been put there.

The walker stands at (0, 0), looks along +y, and walks on a strip around x = 0; a road, where there is one, runs at x > 0. Pictures are
mirrored at random afterwards, so that nothing depends on the side.
"""

import math
from random import Random

import bpy

from . import surfaces
from .mesh import Shape
from .street import KERB

NEAR, FAR = -6.0, 70.0
"""Metres along the way within which things are built."""


class Site:
    """`half` is half the way's width in metres; `road` the (low, high) x of a road beside it, or None; `edge` the x beyond which the way's
    side of the place is built up, negative, and `outer` that beyond the road; `cut` the (low, high) y of what crosses the way, or None;
    `foot` the y at which stairs begin, or None; `down` whether these go down; `flight` the (steps, rise, tread) of the
    stairs, the steps negative where they go down; `z` the height of what the walker stands on."""

    def __init__(self, ask):
        self.ask, self.random = ask, Random(f"scene {ask.seed}")
        self.z, self.half, self.road, self.cut, self.foot, self.down = KERB, 1.5, None, None, None, False
        self.edge, self.outer, self.raised, self.width = -1.5, 1.5, False, 60.0
        self.base, self.way_name, self.way_material, self.lane, self.far = "paved_sidewalk", "pavement", None, None, None
        self.flight, self.tags, self.lamps, self._kept = None, {}, [], {}

    def asks(self, facet, label):
        """Whether `label` is to be seen."""
        return self.ask.asks(facet, label)

    @property
    def bare(self):
        """Whether nothing may stand in the way."""
        return self.asks("obstacle", "none")

    def draw(self, low, high):
        """A number from `low` to `high`."""
        return self.random.uniform(low, high)

    def keep(self, key, make):
        """What `make()` gives, made once for each key."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def ground(self, kind):
        """The material of a surface class."""
        return self.keep(kind, lambda: surfaces.MAKERS[kind](self.random))

    def put(self, shape, x, y, z=None, turn=0.0, tags=(), **more):
        """Place a shape; `tags` are (facet, class) that are told where it is to be seen."""
        return self.tag(shape.place(x, y, self.z if z is None else z, turn, **more), *tags)

    def tag(self, made, *tags):
        """Let (facet, class) be told of an object where it is to be seen."""
        self.tags.setdefault(made.name, []).extend(tags)
        return made

    def repeat(self, made, metres):
        """Put what was made once more, so many metres on."""
        again = bpy.data.objects.new(made.name, made.data)
        again.location, again.rotation_euler, again.scale = made.location, made.rotation_euler, made.scale
        again.location[1] += metres
        bpy.context.collection.objects.link(again)
        return self.tag(again, *self.tags.get(made.name, ()))

    def slab(self, name, xs, ys, z, material, *tags, thick=0.3):
        """Ground between two x and two y with its top at `z`."""
        shape = Shape(name)
        shape.box((sum(xs) / 2, sum(ys) / 2, z - thick / 2), (xs[1] - xs[0], ys[1] - ys[0], thick), material)
        return self.tag(shape.place(), *tags)

    def spans(self, near=NEAR, far=FAR, gap=0.0):
        """The (low, high) y from `near` to `far` that nothing crosses, nor within `gap` metres of what does."""
        if self.cut is None or self.cut[0] - gap >= far or self.cut[1] + gap <= near:
            return [(near, far)]
        return [(a, b) for a, b in ((near, self.cut[0] - gap), (self.cut[1] + gap, far)) if b - a > 0.3]

    def is_free(self, y, gap=0.6):
        """Whether nothing crosses the way at `y`, and no stairs begin before it."""
        return not (self.cut and self.cut[0] - gap < y < self.cut[1] + gap) and not (self.foot is not None and y > self.foot - 0.5)

    def push(self, metres):
        """Let what crosses the way, and stairs, lie so much further ahead; steps that go down can be seen from near alone."""
        if self.down:
            return
        self.cut = self.cut and (self.cut[0] + metres, self.cut[1] + metres)
        self.foot = self.foot if self.foot is None else self.foot + metres

    def height(self, y):
        """Height of what one stands on in the middle of the way, on stairs too."""
        if self.cut and self.cut[0] < y < self.cut[1]:
            return 0.0 if self.raised else self.z
        if not self.flight or y < self.foot:
            return self.z
        count, rise, tread = self.flight
        climbed = min(abs(count), int((y - self.foot) / tread) + (count > 0))
        return self.z + math.copysign(climbed * rise, count)

    def lamp(self, x, y, z, power=60.0, colour=(1.0, 0.72, 0.42)):
        """A lamp that is lit where it is dark."""
        self.lamps.append((x, y, z, power, colour))


def objects():
    """All that can be rendered, in a fixed order."""
    return [each for each in bpy.context.scene.objects if each.type == "MESH"]
