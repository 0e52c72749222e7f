"""Walks of a minute through places of every kind, with the truth of each frame told from its layers.

The walker goes along +y over the middle of the way, around what stands in it, and waits at what is to be crossed. Nothing else moves. Each frame
leaves three files: the picture, the map of things, and what is truly to be seen in it and where; the walk's truth is made of the last.
"""

import json
import math
import os
import time
from pathlib import Path
from typing import NamedTuple

from . import air, build, film, obstacles, people, render, sighted, stage, told
from .classes import FACETS
from .path import Stop, Walk, metres_at, rounded
from .request import Request, complete
from .site import objects

SECONDS, RATE = 60.0, 2
SAMPLES, QUALITY = 2, 78
SIZE = (320, 240)
CLEAR = 0.65
"""Metres from the middle of the way within which nobody stands, so that the walker runs into no one."""


class Thing(NamedTuple):
    """An obstacle by its class, metres beside the middle of the way and along it, and metres to the other side by which the walker passes it."""
    label: str
    x: float
    y: float
    around: float = 0.6


class Kind(NamedTuple):
    """`facets` are asked of the place; what crosses the way, and stairs, lie `further` metres ahead of where a picture has them; what is built beside the way
    stands there once more `again` metres on; `people` are (count, nearest, farthest); the walker stands for `wait` seconds before what crosses the
    way or goes up, and walks `length` metres."""
    title: str
    seed: int
    start: str
    facets: dict
    further: float = 0.0
    again: float | None = None
    things: tuple = ()
    people: tuple = ()
    wait: float = 0.0
    length: float = 46.0


KINDS = {
    "residential": Kind(
        "A residential street with parked cars, a side road, bins and a bicycle on the pavement", 11, "2026-05-18T15:10:00+02:00",
        {"place": ["residential_street"], "surface": ["paved_sidewalk"], "crossing": ["kerb"], "traffic": ["parked_vehicles"], "weather": ["dry"], "light": ["day"]},
        17.0, 62.0, (Thing("bin_or_bags", 0.7, 11.0), Thing("bicycle_or_scooter", -0.7, 34.0)), ((2, 5.0, 8.0), (2, 28.0, 31.0)), 2.0),
    "shopping": Kind(
        "A shopping street with boards, a stall and people", 21, "2026-05-19T11:00:00+02:00",
        {"place": ["shopping_street"], "surface": ["brick_or_cobble"], "weather": ["overcast"], "light": ["day"]},
        0.0, 62.0, (Thing("sign_board", 0.8, 12.0), Thing("stall_or_cart", -1.3, 25.0), Thing("bin_or_bags", 0.8, 38.0)), ((3, 4.0, 9.0), (3, 16.0, 21.0), (2, 33.0, 36.0))),
    "construction": Kind(
        "A way through a construction site: barriers, cones, a manhole, rubble", 31, "2026-05-20T09:20:00+02:00",
        {"place": ["construction_site"], "surface": ["gravel_or_dirt"], "weather": ["dry"], "light": ["day"]},
        0.0, 32.0, (Thing("barrier_or_cones", 0.9, 10.0, 0.8), Thing("manhole_or_pothole", 0.5, 20.0), Thing("barrier_or_cones", -0.9, 30.0, 0.8), Thing("rubble", 0.8, 40.0, 0.7))),
    "stairs": Kind(
        "A street that ends in stairs going up, with a barrier on the way", 41, "2026-05-21T14:00:00+02:00",
        {"place": ["street"], "surface": ["paved_sidewalk", "steps_up"], "weather": ["overcast"], "light": ["day"]},
        29.0, None, (Thing("barrier_or_cones", 0.9, 13.0, 0.8),), ((2, 20.0, 24.0),), 1.0),
    "dusk": Kind(
        "A crossing with traffic lights at dusk", 51, "2026-11-12T17:05:00+01:00",
        {"place": ["street"], "surface": ["paved_sidewalk"], "crossing": ["zebra_crossing", "signalised_crossing"], "traffic": ["moving_vehicles"], "weather": ["dry"], "light": ["dusk"]},
        19.0, None, (), ((2, 32.0, 37.0),), 4.0),
    "rain": Kind(
        "A street in the rain: puddles, umbrellas, a zebra crossing, a bicycle", 61, "2026-10-03T12:30:00+02:00",
        {"place": ["street"], "surface": ["paved_sidewalk", "wet_or_puddle"], "crossing": ["zebra_crossing"], "weather": ["rain"], "light": ["day"]},
        15.0, None, (Thing("bicycle_or_scooter", 0.7, 35.0),), ((3, 6.0, 11.0), (2, 27.0, 31.0)), 3.0),
    "crowd": Kind(
        "A market with two crowds, and a barrier between them", 71, "2026-06-06T16:40:00+02:00",
        {"place": ["market"], "surface": ["brick_or_cobble"], "weather": ["dry"], "light": ["day"]},
        0.0, None, (Thing("barrier_or_cones", 0.9, 17.0, 0.8),), ((20, 6.0, 13.0), (16, 21.0, 29.0)), length=30.0),
    "arcade": Kind(
        "A shopping street at noon with a stall, a board and bags", 22, "2026-06-09T12:15:00+02:00",
        {"place": ["shopping_street"], "surface": ["paved_sidewalk"], "weather": ["dry"], "light": ["day"]},
        0.0, 62.0, (Thing("stall_or_cart", 1.3, 14.0), Thing("bin_or_bags", -0.8, 27.0), Thing("sign_board", 0.8, 36.0)), ((3, 5.0, 10.0), (2, 18.0, 23.0), (3, 30.0, 34.0))),
    "steps": Kind(
        "A residential street that ends in stairs going up, with a bicycle on the way", 42, "2026-06-10T10:40:00+02:00",
        {"place": ["residential_street"], "surface": ["brick_or_cobble", "steps_up"], "weather": ["dry"], "light": ["day"]},
        26.0, None, (Thing("bicycle_or_scooter", -0.8, 12.0),), ((3, 16.0, 21.0),), 1.0),
    "puddles": Kind(
        "A shopping street in the rain: puddles, a barrier, a zebra crossing", 62, "2026-10-08T08:50:00+02:00",
        {"place": ["shopping_street"], "surface": ["paved_sidewalk", "wet_or_puddle"], "crossing": ["zebra_crossing"], "weather": ["rain"], "light": ["day"]},
        17.0, None, (Thing("barrier_or_cones", -0.8, 33.0),), ((3, 5.0, 9.0), (2, 27.0, 30.0)), 3.0),
    "fair": Kind(
        "A market with a crowd, a stall and bins", 72, "2026-09-12T11:30:00+02:00",
        {"place": ["market"], "surface": ["paved_sidewalk"], "weather": ["overcast"], "light": ["day"]},
        0.0, None, (Thing("bin_or_bags", -0.8, 9.0), Thing("stall_or_cart", 1.3, 18.0)), ((12, 5.0, 11.0), (18, 20.0, 28.0)), length=30.0),
    "nothing": Kind(
        "A residential street where nothing happens", 81, "2026-05-25T10:00:00+02:00",
        {"place": ["residential_street"], "surface": ["paved_sidewalk"], "weather": ["overcast"], "light": ["day"]}, 0.0, 62.0),
}
"""Walks by the name under which they are asked for."""
ABSENT = {"crossing": ["none"], "obstacle": ["none"], "people": ["none"], "traffic": ["none"]}


def render_walk(name, folder, threads, only=None, seed=None):
    """Render what is missing of the walk `name` into `folder`, of its own seed or of `seed`; with all frames there, write its truth."""
    kind, folder = KINDS[name], Path(folder)
    kind = kind if seed is None else kind._replace(seed=seed)
    for part in ("frames", "maps", "told"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    times = [i / RATE for i in range(int(SECONDS * RATE))]
    scene = stage.empty(SAMPLES, *SIZE, threads, QUALITY, kind.seed)
    scene.cycles.denoising_quality = "FAST"
    site, camera, route = _set(scene, kind)
    print(f"{name}: the walker arrives after {route.seconds:.1f} s of {SECONDS:.0f}", flush=True)
    render.tables(folder, times, kind.title, kind.start, tuple(FACETS))
    lens = film.Lens(scene)
    for index, t in enumerate(times):
        if not (folder / f"told/{index:06}.json").exists() and (only is None or index in only):
            begin, worked = time.monotonic(), time.process_time()
            stage.aim(camera, route.pose(t))
            _frame(scene, camera, site, kind, lens, index, folder)
            print(f"{name} {index}: {time.monotonic() - begin:.1f} s, {time.process_time() - worked:.1f} s of CPU", flush=True)
    if all((folder / f"told/{index:06}.json").exists() for index in range(len(times))):
        seen = [json.loads((folder / f"told/{index:06}.json").read_text()) for index in range(len(times))]
        sighted.write(folder / "truth.csv", sighted.rows(times, seen))


def _set(scene, kind):
    """The place with everything in it, the camera, and the walker's way through it."""
    ask = Request(kind.title, kind.seed, complete({**ABSENT, **kind.facets}, kind.seed), 1.3, *SIZE, None, None, kind.further)
    camera, site = build.build(scene, ask, kind.again)
    for thing in kind.things:
        before = set(objects())
        # Some makers know of the first metres alone: made there, then moved.
        obstacles.MAKERS[thing.label](site, thing.x, 3.0)
        for each in objects():
            if each not in before:
                each.location[1] += thing.y - 3.0
    for group in kind.people:
        before = set(objects())
        people.walkers(site, *group)
        for each in objects():
            if each not in before and abs(each.location[0]) < CLEAR:
                each.location[0] = math.copysign(CLEAR, each.location[0])
    return site, camera, _route(site, kind)


def _route(site, kind):
    corners = [(0.0, 0.0, 0.0)]
    for thing in kind.things:
        aside = -math.copysign(thing.around, thing.x)
        corners += [(0.0, thing.y - 4.0, 2.0), (aside, thing.y - 1.4, 1.5), (aside, thing.y + 1.6, 1.5), (0.0, thing.y + 4.0, 2.0)]
    # In the middle of stairs there is a handrail.
    end = 0.0 if site.foot is None else -0.8
    corners += [] if site.foot is None else [(0.0, site.foot - 5.0, 2.0), (end, site.foot - 2.0, 2.0)]
    points = rounded(corners + [(end, kind.length, 0.0)])
    edge = site.cut[0] - 0.6 if site.cut else site.foot - 0.8 if site.foot is not None else None
    stops = [Stop(metres_at(points, 0.0, edge), kind.wait)] if kind.wait and edge else []
    # Over a stair the chest rises steadily.
    ground = lambda x, y: sum(site.height(y + 0.1 * k) for k in range(-4, 5)) / 9
    return Walk(points, stops, ground, speed=kind.length / (SECONDS - 3.0 - 1.5 * kind.wait))


def _frame(scene, camera, site, kind, lens, index, folder):
    """Picture and map of one moment, then what is to be seen: where that stands, the other two do."""
    ask, layers = site.ask, lens.look(camera)
    constant = {"place": [ask.place], "light": [ask.light], "weather": [ask.weather]}
    facets = told.told(layers, site.tags, (-site.half, site.half), air.reach(ask.weather, ask.seed), constant)
    if {"steps_up", "steps_down"} & set(facets.get("surface", ())):
        facets["place"] = ["stairs"]
    film.grey(layers.thing, folder / f"maps/{index:06}.png")
    film.picture(scene, air.between(layers, ask.weather, ask.light, ask.seed, index), folder / f"frames/{index:06}.jpg", QUALITY)
    final = folder / f"told/{index:06}.json"
    aside = final.with_suffix(".part")
    aside.write_text(json.dumps({"facets": facets, "where": sighted.where(layers, site.tags, facets, site.half)}))
    os.replace(aside, final)
