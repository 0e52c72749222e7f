"""Answers requests, a line of JSON each, on standard input and output; see README.md for what stands in them."""

import json
import os
import sys
import time
from random import Random

from . import air, build, film, stage, told
from .request import ROOFED, parse

SAMPLES = 2
SHELTERED = ROOFED | {"tunnel"}
"""Places where no weather is felt."""
BOWED = 16.0
"""Degrees by which a camera must hang lower for hardly more than the ground to be seen, which doesn't tell the place."""


def serve(threads):
    """Answer each line until the input ends. What Blender prints goes to standard error, so that answers alone are in the output."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(answer(line, threads)), file=answers, flush=True)


def answer(line, threads):
    """What is said to one line."""
    begin, name = time.monotonic(), None
    try:
        ask = parse(line)
        name = ask.id
        facets = make(ask, threads)
    except Exception as error:  # Whatever fails, the next request must be answered.
        problem = str(error) if isinstance(error, (ValueError, OSError)) else f"{type(error).__name__}: {error}"
        return {"id": name, "ok": False, "problem": " ".join(problem.split())}
    return {"id": name, "ok": True, "facets": facets, "seconds": round(time.monotonic() - begin, 2)}


def make(ask, threads):
    """Render picture and map of a request; gives what is to be seen, class ids by facet."""
    scene = stage.empty(SAMPLES, ask.width, ask.height, threads, 90, ask.seed % 2**31)
    scene.cycles.denoising_quality = "FAST"
    camera, site = build.build(scene, ask)
    layers = film.Lens(scene).look(camera)
    weather = "dry" if ask.place in SHELTERED else ask.weather
    light = air.between(layers, weather, ask.light, ask.seed)
    step = -1 if Random(f"mirror {ask.seed}").random() < 0.5 else 1
    film.grey(layers.thing[:, ::step], ask.map)
    film.picture(scene, light[:, ::step], ask.picture)
    constant = {"light": [ask.light]}
    if ask.lowered < BOWED:
        constant["place"] = [ask.place]
        if ask.place not in SHELTERED:
            constant["weather"] = [ask.weather]
    return told.told(layers, site.tags, (-site.half, site.half), air.reach(weather, ask.seed), constant)
