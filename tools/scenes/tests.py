"""Tests of what needs no Blender: `python -m unittest scenes.tests`, run from the folder `tools`."""

import json
import unittest

import numpy

from . import classes
from .request import OFTEN_NONE, USUAL, parse
from .told import NEAR, OBSTACLES, SHARE, Layers, told


def line(**more):
    return json.dumps({"id": "1", "seed": 1, "picture": "/p.jpg", "map": "/m.png", **more})


def layers(thing, metres, share):
    """A picture of 40 x 40 over asphalt, of which a thing fills `share`, `metres` ahead."""
    number, count = numpy.ones((40, 40), int), round(share * 1600)
    depth, values = numpy.full((40, 40), 3.0), numpy.full((40, 40), classes.THINGS["road"])
    number.ravel()[:count], depth.ravel()[:count], values.ravel()[:count] = 2, metres, classes.THINGS[thing]
    return Layers(numpy.zeros((40, 40, 3)), depth, number, values, numpy.zeros((40, 40)), depth, numpy.zeros((40, 40)), ["road", "thing"], (0.0, 0.0))


class Tests(unittest.TestCase):
    def test_a_request_is_complete_or_says_what_is_wrong(self):
        for facets in ({}, {"light": ["indoors"]}, {"place": ["park"], "surface": ["indoor_floor"]}, {"place": ["indoors"], "obstacle": ["parked_car"]}):
            read = parse(line(facets=facets)).facets
            self.assertEqual(set(read), set(classes.FACETS))
            self.assertEqual(read["place"] == ("indoors",), read["light"] == ("indoors",), facets)
        for text, problem in (("{", "not JSON"), ("[]", "object"), (line(seed="x"), "seed"), (line(facets={"sky": []}), "no facet"),
                              (line(facets={"place": ["moon"]}), "no class 'moon'"), (line(width=9), "width"), (line(camera_height=9), "camera_height")):
            with self.assertRaisesRegex(ValueError, problem):
                parse(text)

    def test_tables_name_classes_and_things_that_exist(self):
        self.assertEqual(set(USUAL), set(classes.FACETS["place"]))
        for labels in USUAL.values():
            self.assertLessEqual(set(labels.split()), set(classes.FACETS["surface"]))
        self.assertLessEqual(set(OBSTACLES.values()), set(classes.FACETS["obstacle"]))
        self.assertLessEqual(set(OBSTACLES), set(classes.THINGS))
        self.assertLessEqual({*NEAR, *SHARE, *OFTEN_NONE}, set(classes.FACETS))
        for thing, shapes in classes.SHAPES.items():
            for shape in shapes.split():
                self.assertEqual(classes.thing_of_shape(shape.replace("_", " ") + ".001"), classes.THINGS[thing])

    def test_a_thing_is_told_where_it_is_near_and_large_enough(self):
        for metres, share, clear, want in ((4.0, 0.1, 99.0, ["bench_or_hydrant"]), (10.0, 0.1, 99.0, None), (20.0, 0.1, 99.0, ["none"]), (4.0, 0.0, 99.0, ["none"]),
                                           (4.0, 0.1, 3.5, ["none"])):
            found = told(layers("bench", metres, share), {"road": [("surface", "asphalt")]}, (-1.5, 1.5), clear, {})
            self.assertEqual(found.get("obstacle"), want, (metres, share, clear))
            self.assertEqual(found["surface"], ["asphalt"])

    def test_people_are_counted_by_tags(self):
        for label, want in (("few", ["few"]), ("cyclist", ["cyclist"])):
            found = told(layers("person", 5.0, 0.1), {"thing": [("people", label)]}, (-1.5, 1.5), 99.0, {})
            self.assertEqual(found["people"], want)


if __name__ == "__main__":
    unittest.main()
