"""Vehicles on the road beside the way or on the one across it; where there is no road, beside the way on open ground."""

import math

from .vehicles import bus, car, tram, truck


def build(site):
    """What is asked for."""
    asked = set(site.ask.facets["traffic"]) - {"none"}
    if not asked:
        return
    lanes = _lanes(site)
    if "bus_or_tram" in asked:
        _bus(site, lanes)
    if "heavy_traffic" in asked:
        _moving(site, lanes, 9)
    elif "moving_vehicles" in asked:
        _moving(site, lanes, site.random.randint(1, 3))
    if "parked_vehicles" in asked:
        _parked(site)


def _lanes(site):
    """Lines on which vehicles drive, each as a function from metres along it to (x, y, turn), and its lane's z."""
    z = 0.0 if site.raised else site.z
    if site.road:
        low, high = site.road
        count = max(2, int((high - low) / 3.2))
        step = (high - low) / count
        def lane(k):
            x, away = low + step * (k + 0.5), k >= count / 2
            return lambda s: (x, s, math.pi / 2 if not away else -math.pi / 2)
        return [(lane(k), z) for k in range(count)]
    if site.cut:
        low, high = site.cut
        def across(y, sign):
            return lambda s: (sign * s, y, 0.0 if sign > 0 else math.pi)
        # The near lane's traffic is kept off the walker's own line.
        return [(across(low + (high - low) * 0.27, -1), z), (across(low + (high - low) * 0.75, 1), z)]
    x = site.outer + 2.4
    return [(lambda s: (x, s, math.pi / 2), site.z), (lambda s: (x + 3.2, s, -math.pi / 2), site.z)]


def _starts(site, lane, count):
    """Places along a lane that are in view, none of them taken twice."""
    taken = site.keep(("taken", id(lane)), list)
    crossing = lane(1.0)[1] == lane(2.0)[1]
    found = []
    low = 3.5 if crossing else 6.5
    for _ in range(60):
        if len(found) == count:
            break
        s = site.draw(low, 9.0 if crossing else 12 + 6.0 * count) * (site.random.choice((1, -1)) if crossing else 1)
        if all(abs(s - other) > 5.6 for other in taken) and (crossing or site.cut is None or not site.cut[0] - 2.6 < s < site.cut[1] + 2.6):
            taken.append(s)
            found.append(s)
    return found


def _put(site, shape, lane, z, s, *tags, scale=1.0):
    x, y, turn = lane(s)
    return site.put(shape, x, y, z, turn, tags=[("traffic", tag) for tag in tags], scale=scale)


def _bus(site, lanes):
    lane, z = site.random.choice(lanes)
    shape = bus(site) if site.random.random() < 0.6 else tram(site)
    crossing = lane(1.0)[1] == lane(2.0)[1]
    s = site.random.choice((1, -1)) * site.draw(4.5, 7.0) if crossing else site.draw(10, 15) + (4.0 if shape.name == "tram" else 0.0)
    site.keep(("taken", id(lane)), list).extend(s + d for d in (-9, -5, 0, 5, 9))
    _put(site, shape, lane, z, s, "bus_or_tram")


def _moving(site, lanes, count):
    lorry = site.keep("truck", lambda: truck(site)) if count > 2 else None
    for k in range(count):
        lane, z = lanes[k % len(lanes)] if count > 2 else site.random.choice(lanes)
        for s in _starts(site, lane, 1):
            shape = lorry if lorry and site.random.random() < 0.2 else car(site)
            _put(site, shape, lane, z, s, "moving_vehicles")


def _parked(site):
    """Cars along the kerb, or in a row beside the way."""
    z, tag = (0.0 if site.raised else site.z), [("traffic", "parked_vehicles")]
    if site.road:
        x = site.road[1] - 1.05 if site.random.random() < 0.4 and site.road[1] - site.road[0] < 9 else site.road[0] + 1.05
    else:
        x, z = max(site.outer, site.half) + 1.5, site.z
    y = site.draw(5.5, 8.0)
    for _ in range(site.random.randint(2, 5)):
        if site.cut is None or not site.cut[0] - 2.8 < y < site.cut[1] + 2.8:
            site.put(car(site), x, y, z, math.copysign(math.pi / 2, x), tags=tag)
        y += site.draw(5.2, 7.5)
