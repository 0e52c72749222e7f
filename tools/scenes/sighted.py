"""Where what is told of a picture stands, and a walk's truth made of many pictures. Pure."""

import csv
import math

import numpy

from .classes import FACETS
from .told import NEAR, PLACED, STEPS, UNDERFOOT, obstacle_pixels

FIELD_OF_VIEW = math.radians(70)
"""From the left edge of a picture to its right; `stage` has the same."""
AHEAD = 16.0
"""Degrees to each side within which a thing is ahead."""
REACHED = 2.0
"""Metres from which a walker is at a thing: a cane's length and a step."""
GAP_SECONDS, SHORTEST = 1.0, 1.0
CROWDS = {"crowd": "few"}
"""Classes that are told of objects tagged with another."""


def where(layers, tags, facets, half):
    """For each "facet/class" of `facets` that stands somewhere: [degrees to the right of the camera's axis, metres to its nearest point]."""
    found = {}
    width = layers.number.shape[1]
    angles = numpy.degrees(numpy.arctan((2 * (numpy.arange(width) + 0.5) / width - 1) * math.tan(FIELD_OF_VIEW / 2)))
    away = numpy.hypot(layers.x - layers.eye[0], layers.y - layers.eye[1])
    for facet, labels in facets.items():
        for label in labels:
            seen = _pixels(layers, tags, facet, label, half)
            if seen is not None and seen.any():
                columns = numpy.broadcast_to(angles, seen.shape)[seen]
                found[f"{facet}/{label}"] = [round(float(columns.mean()), 1), round(float(numpy.quantile(away[seen], 0.02)), 2)]
    return found


def _pixels(layers, tags, facet, label, half):
    """The pixels that show a class; None for what is everywhere, as a place is."""
    if facet not in NEAR and not (facet == "surface" and (label in STEPS or label in UNDERFOOT)):
        return None
    tagged = [number for number, name in enumerate(layers.names, 1) if (facet, CROWDS.get(label, label)) in tags.get(name, ())]
    seen = numpy.isin(layers.number, tagged)
    if facet in PLACED:
        seen |= obstacle_pixels(layers, label, half)
    return seen


def side(degrees):
    """`ahead`, `left` or `right`."""
    return "ahead" if abs(degrees) <= AHEAD else "right" if degrees > 0 else "left"


def rows(times, seen):
    """Rows of (start, end, what, where, facet, class, reached) of pictures at `times`, each with its `facets` and `where`. A facet that is not
    known in a picture is a row of its own, `unclear`, without a class."""
    frame, marks, near = times[1] - times[0], {}, {}
    for t, told in zip(times, seen):
        for facet in FACETS:
            for label in told["facets"].get(facet, ["unclear"]):
                if label == "none":
                    continue
                degrees, metres = told["where"].get(f"{facet}/{label}", (0.0, math.inf))
                marks.setdefault((facet, label, side(degrees)), []).append(t)
                near.setdefault((facet, label), []).append((t, metres))
    found = []
    for (facet, label, place), moments in marks.items():
        for start, end in _runs(moments):
            if end + frame - start >= SHORTEST:
                known = label != "unclear"
                reached = _reached(near[facet, label], start) if known else None
                found.append((start, end + frame, label.replace("_", " "), place, facet, label if known else "", reached))
    return sorted(found, key=lambda row: row[:5])


def _runs(moments):
    runs = []
    for t in moments:
        if runs and t - runs[-1][1] <= GAP_SECONDS:
            runs[-1][1] = t
        else:
            runs.append([t, t])
    return runs


def _reached(near, start):
    """When the walker is first at what is in view since `start`, while it stays in view."""
    last = start
    for t, metres in near:
        if t >= start:
            if t - last > GAP_SECONDS:
                return None
            if metres <= REACHED:
                return t
            last = t
    return None


def write(path, found):
    """A walk's truth.csv."""
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["start_s", "end_s", "what", "where", "facet", "class", "reached_s"])
        for start, end, *rest, reached in found:
            out.writerow([f"{start:.1f}", f"{end:.1f}", *rest, "" if reached is None else f"{reached:.1f}"])
