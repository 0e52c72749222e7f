"""Draws every class of the vocabulary, small and quickly, and says which cannot be drawn."""

import sys
import tempfile
from pathlib import Path

from . import serve
from .classes import FACETS
from .request import Request, complete

TRIES = 6
"""Seeds after which a class counts as one that cannot be drawn: chance may hide a thing."""
PLAIN = {"place": "residential_street", "surface": "paved_sidewalk", "crossing": "none", "obstacle": "none", "people": "none", "traffic": "none",
         "weather": "overcast", "light": "day"}


def run(threads):
    """Whether a picture of every class was told to show it; writes a line for each that was not."""
    missing = 0
    with tempfile.TemporaryDirectory() as folder:
        for facet, labels in FACETS.items():
            for label in labels:
                if not any(_draws(facet, label, seed, Path(folder), threads) for seed in range(TRIES)):
                    missing += 1
                    print(f"{facet}: {label} was never to be seen", file=sys.stderr)
    total = sum(len(labels) for labels in FACETS.values())
    print(f"{total - missing} of {total} classes drawn", file=sys.stderr)
    return missing == 0


def _draws(facet, label, seed, folder, threads):
    # Light and floor of a room need one; nothing is in nobody's way in an open place.
    room = label in ("indoors", "indoor_floor")
    place = "indoors" if room else "open_land" if label == "none" else PLAIN["place"]
    facets = {**{name: (plain,) for name, plain in PLAIN.items()}, "place": (place,), facet: (label,)}
    ask = Request("check", seed, complete(facets, seed), 1.4, 160, 120, folder / "check.jpg", folder / "check.png")
    return label in serve.make(ask, threads).get(facet, ())
