"""What drifts and falls between the lens and the street, laid over the rendered light: fog, rain, snowflakes, glare. Pure.

Nothing of it is in the map: one looks through it.
"""

import math
from random import Random

import numpy

FOG = {"fog": (0.05, 0.13), "rain": (0.006, 0.014), "snow": (0.01, 0.025), "overcast": (0.0005, 0.0015), "dry": (0.0003, 0.001)}
"""Share of light that each metre of air takes away."""
BRIGHTNESS = {"day": 0.3, "dusk": 0.12, "night": 0.055, "indoors": 0.32}
"""Where the lens's exposure brings a picture's middle tone, in linear light."""
GAIN = (0.35, 9.0)
"""Least and most that exposure may multiply light by."""


LOST = 0.88
"""Share of its light without which nothing is made out."""


def density(weather, seed):
    """Share of light that each metre takes away in this picture."""
    return Random(f"density {seed}").uniform(*FOG[weather])


def reach(weather, seed):
    """Metres up to which things can be made out."""
    return -math.log(1 - LOST) / density(weather, seed)


def between(layers, weather, light, seed, moment=None):
    """The light that reaches the lens; of pictures of one seed, each with its moment, only what falls differs."""
    random = Random(f"air {seed}")
    seen, depth = layers.light.copy(), numpy.minimum(layers.depth, 400.0)
    veil = numpy.array({"day": (0.66, 0.68, 0.7), "dusk": (0.15, 0.13, 0.15), "night": (0.028, 0.026, 0.026), "indoors": (0.3, 0.3, 0.3)}[light])
    through = numpy.exp(-depth * density(weather, seed))[..., None]
    if light == "day" or weather == "fog":
        seen = seen * through + veil * (1 - through)
    if light in ("dusk", "night"):
        seen += _glare(seen, 0.12 if weather == "fog" else 0.06)
    gain = BRIGHTNESS[light] * random.uniform(0.85, 1.15) / float(numpy.exp(numpy.log(seen.mean(2) + 1e-4).mean()))
    seen *= min(max(gain, GAIN[0]), GAIN[1])
    random = random if moment is None else Random(f"air {seed} {moment}")
    brightness = BRIGHTNESS[light] * 1.9 * numpy.array((0.96, 0.98, 1.0))
    if weather == "rain":
        _streaks(seen, depth, brightness, random)
    elif weather == "snow":
        _flakes(seen, depth, brightness * 1.3, random)
    return seen


def _glare(seen, share):
    """Light that bright lamps spill over their surroundings."""
    bright = numpy.minimum(numpy.maximum(seen - 1.2, 0.0), 12.0)
    spilled = bright
    for radius in (2, 5, 9):
        for axis in (0, 1):
            sums = numpy.cumsum(numpy.concatenate([numpy.zeros_like(spilled.take([0], axis)), spilled], axis), axis)
            count = spilled.shape[axis]
            high, low = numpy.minimum(numpy.arange(count) + radius + 1, count), numpy.maximum(numpy.arange(count) - radius, 0)
            spilled = (sums.take(high, axis) - sums.take(low, axis)) / (2 * radius + 1)
    return spilled * share * 12


def _blend(seen, rows, columns, colour, share):
    inside = (rows >= 0) & (rows < seen.shape[0]) & (columns >= 0) & (columns < seen.shape[1])
    rows, columns = rows[inside], columns[inside]
    share = (share[inside] if isinstance(share, numpy.ndarray) else numpy.full(len(rows), share))[:, None]
    seen[rows, columns] = seen[rows, columns] * (1 - share) + colour * share


def _streaks(seen, depth, colour, random):
    """Drops drawn out by the exposure, nearer ones longer and fainter."""
    height, width = depth.shape
    slant, unit = random.uniform(-0.25, 0.25), height / 240
    for _ in range(random.randint(420, 700)):
        metres = random.uniform(0.7, 12.0)
        length = max(3, int(unit * 34 / metres ** 0.7))
        row, column = random.uniform(-length, height), random.uniform(0, width)
        if depth[min(max(int(row), 0), height - 1), int(column)] < metres:
            continue
        steps = numpy.arange(length)
        for wide in range(2 if metres < 1.6 else 1):
            _blend(seen, (row + steps).astype(int), (column + slant * steps + wide).astype(int), colour, 0.22 if metres < 2.5 else 0.34)


def _flakes(seen, depth, colour, random):
    """Flakes, nearer ones larger and blurred."""
    height, width = depth.shape
    unit = height / 240
    for _ in range(random.randint(380, 650)):
        metres = random.uniform(0.5, 5.0) ** 1.6
        row, column = random.uniform(0, height), random.uniform(0, width)
        if depth[int(row), int(column)] < metres:
            continue
        radius = unit * min(4.5, 0.6 + 2.4 / metres)
        reach = int(math.ceil(radius))
        rows, columns = numpy.mgrid[-reach:reach + 1, -reach:reach + 1]
        fall = numpy.clip(1.15 - numpy.hypot(rows, columns) / radius, 0, 1).ravel()
        _blend(seen, (rows + int(row)).ravel(), (columns + int(column)).ravel(), colour, fall * min(0.9, 0.35 + 0.2 * metres))
