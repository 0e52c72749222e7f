"""A walker: a route of straight pieces and rounded corners, a pace with stops, a gait. Pure; knows nothing of Blender."""

import math
from dataclasses import dataclass

STEP = 0.01
"""Seconds and also metres between samples of the simulation."""


@dataclass(frozen=True)
class Pose:
    """Where the camera is; `x`, `y`, `z` in metres, `heading` from +x towards +y, `tilt` down from level, in radians."""
    x: float
    y: float
    z: float
    heading: float
    tilt: float
    roll: float


@dataclass(frozen=True)
class Stop:
    """Stand for `seconds` after `metres` of the route."""
    metres: float
    seconds: float


def rounded(corners):
    """Points every centimetre along corners of (x, y, radius), each cut off by an arc of its radius."""
    pieces = [tuple(corners[0][:2])]
    for before, here, after in zip(corners, corners[1:], corners[2:]):
        into, out = _angle(before, here), _angle(here, after)
        turn = math.remainder(out - into, math.tau)
        reach = here[2] * math.tan(abs(turn) / 2)
        a = (here[0] - reach * math.cos(into), here[1] - reach * math.sin(into))
        pieces.append(a)
        count = max(2, int(abs(turn) * here[2] / 0.05))
        side = math.copysign(1.0, turn)
        centre = (a[0] - side * here[2] * math.sin(into), a[1] + side * here[2] * math.cos(into))
        for i in range(1, count + 1):
            angle = into + turn * i / count
            pieces.append((centre[0] + side * here[2] * math.sin(angle), centre[1] - side * here[2] * math.cos(angle)))
    pieces.append(tuple(corners[-1][:2]))
    return _resample(pieces)


def _angle(a, b):
    return math.atan2(b[1] - a[1], b[0] - a[0])


def _resample(pieces):
    points, carry = [], 0.0
    for a, b in zip(pieces, pieces[1:]):
        length = math.dist(a, b)
        at = carry
        while at < length:
            points.append((a[0] + (b[0] - a[0]) * at / length, a[1] + (b[1] - a[1]) * at / length))
            at += STEP
        carry = at - length
    points.append(pieces[-1])
    return points


def metres_at(points, x, y):
    """How far along the route its point nearest to (x, y) lies."""
    return STEP * min(range(len(points)), key=lambda i: math.dist(points[i], (x, y)))


class Walk:
    """Poses over time. `ground` gives the height underfoot; `speed` is in metres a second."""

    def __init__(self, points, stops, ground, speed=1.28, height=1.3, tilt=math.radians(10)):
        self.points, self.ground, self.height, self.tilt = points, ground, height, tilt
        self.headings = self._headings()
        self.travel = self._pace(stops, speed)

    def _headings(self, ahead=60, window=45):
        """Smoothed direction of travel: the walker looks a little ahead into a turn."""
        last = len(self.points) - 1
        raw, previous = [], None
        for i in range(last + 1):
            j, k = min(i, last - 1), min(i + ahead, last)
            angle = _angle(self.points[min(j, k - 1)], self.points[k])
            if previous is not None:
                angle = previous + math.remainder(angle - previous, math.tau)
            raw.append(angle)
            previous = angle
        sums = [0.0]
        for angle in raw:
            sums.append(sums[-1] + angle)
        return [(sums[min(i + window, last) + 1] - sums[max(i - window, 0)]) / (min(i + window, last) + 1 - max(i - window, 0)) for i in range(last + 1)]

    def _pace(self, stops, speed, ease=0.9):
        """Metres travelled and current speed for every STEP of time until the end of the route."""
        travel, at, v = [], 0.0, speed
        waiting = sorted(stops, key=lambda s: s.metres)
        end = STEP * (len(self.points) - 1)
        while at < end - 0.01 and len(travel) < 60000:
            target = waiting[0].metres if waiting else end
            v = min(speed, v + ease * STEP, math.sqrt(2 * ease * max(target - at, 0.0)) + 0.03)
            at = min(at + v * STEP, end)
            travel.append((at, v / speed))
            if waiting and at >= target - 0.005:
                travel += [(at, 0.0)] * int(waiting.pop(0).seconds / STEP)
                v = 0.0
        return travel

    @property
    def seconds(self):
        """When the walker arrives at the end."""
        return len(self.travel) * STEP

    def pose(self, t):
        """The camera at `t` seconds; the walker stands at the end of the route for ever."""
        at, pace = self.travel[min(int(t / STEP), len(self.travel) - 1)] if t < self.seconds else (STEP * (len(self.points) - 1), 0.0)
        index = min(int(at / STEP), len(self.points) - 1)
        (x, y), heading = self.points[index], self.headings[index]
        step = math.tau * at / 0.72
        z = self.ground(x, y) + self.height + pace * 0.014 * math.sin(step)
        sway = pace * 0.018 * math.sin(step / 2)
        breath = math.radians(0.25) * math.sin(1.3 * t)
        return Pose(x - sway * math.sin(heading), y + sway * math.cos(heading), z,
                    heading + pace * math.radians(1.0) * math.sin(step / 2 + 0.8) + math.radians(0.4) * math.sin(0.7 * t),
                    self.tilt + pace * math.radians(0.5) * math.sin(step + 0.6) + breath,
                    pace * math.radians(0.7) * math.sin(step / 2 + 0.3))
