"""Tests of what needs no Blender: `python -m unittest scenes.tests`, run from the folder `tools`."""

import json
import unittest

import numpy

from . import classes, sighted
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
                              (line(facets={"place": ["moon"]}), "no class 'moon'"), (line(width=9), "width"), (line(camera_height=9), "camera_height"),
                              (line(further=-1), "further"), (line(lowered="x"), "lowered")):
            with self.assertRaisesRegex(ValueError, problem):
                parse(text)

    def test_half_of_the_pictures_are_taken_from_further_and_a_fifth_with_a_camera_that_hangs_lower(self):
        read = [parse(line(seed=seed)) for seed in range(1000)]
        self.assertAlmostEqual(sum(ask.further > 0 for ask in read) / 1000, 0.5, delta=0.06)
        self.assertAlmostEqual(sum(ask.lowered > 0 for ask in read) / 1000, 0.2, delta=0.05)
        self.assertEqual(parse(line(further=3)).further, 3.0)

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

    def test_a_walk_tells_when_a_thing_is_in_view_where_and_when_it_is_reached(self):
        def moment(degrees, metres):
            if degrees is None:
                return {"facets": {"obstacle": ["none"], "crossing": []}, "where": {}}
            return {"facets": {"obstacle": ["bench_or_hydrant"], "crossing": []}, "where": {"obstacle/bench_or_hydrant": [degrees, metres]}}
        seen = [moment(*each) for each in ((None, 0), (5, 6.0), (9, 5.0), (None, 0), (20, 2.5), (25, 1.9), (None, 0), (None, 0), (None, 0))]
        times = [i / 2 for i in range(len(seen))]
        rows = [row for row in sighted.rows(times, seen) if row[4] == "obstacle"]
        self.assertEqual(rows, [(0.5, 1.5, "bench or hydrant", "ahead", "obstacle", "bench_or_hydrant", 2.5), (2.0, 3.0, "bench or hydrant", "right", "obstacle", "bench_or_hydrant", 2.5)])

    def test_what_a_walk_can_not_tell_is_a_row_of_its_own(self):
        rows = sighted.rows([0.0, 0.5, 1.0], [{"facets": {facet: ["none"] for facet in classes.FACETS if facet != "people"}, "where": {}}] * 3)
        self.assertEqual(rows, [(0.0, 1.5, "unclear", "ahead", "people", "", None)])

    def test_a_thing_stands_where_its_pixels_are(self):
        found = layers("bench", 5.0, 0.1)
        where = sighted.where(found, {}, {"obstacle": ["bench_or_hydrant"], "surface": ["asphalt"]}, 1.5)
        self.assertEqual(where, {"obstacle/bench_or_hydrant": [0.0, 5.0]})


if __name__ == "__main__":
    unittest.main()
