"""Vehicles on the road beside the way or on the one across it; where there is none, on the way itself."""

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
        _moving(site, lanes, 14)
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
        return [(across(low + (high - low) * 0.27, -1), z), (across(low + (high - low) * 0.75, 1), z)]
    # Where no road is beside, as in an alley, one drives on the way.
    return [(lambda s: (0.35, s, math.pi / 2), site.z)]


def _start(site, lane, crowded):
    """A place along a lane that is in view and free, or None."""
    taken = site.keep(("taken", id(lane)), list)
    crossing = lane(1.0)[1] == lane(2.0)[1]
    low = 3.5 if crossing else 5.5
    for _ in range(30):
        s = site.draw(low, 9.0 if crossing else 34.0 if crowded else 16.0) * (site.random.choice((1, -1)) if crossing else 1)
        if all(abs(s - other) > 5.6 for other in taken) and (crossing or site.cut is None or not site.cut[0] - 2.6 < s < site.cut[1] + 2.6):
            taken.append(s)
            return s
    return None


def _put(site, shape, lane, z, s, *tags, scale=1.0):
    x, y, turn = lane(s)
    return site.put(shape, x, y, z, turn, tags=[("traffic", tag) for tag in tags], scale=scale)


def _bus(site, lanes):
    crossing = lanes[0][0](1.0)[1] == lanes[0][0](2.0)[1]
    lane, z = lanes[-1] if crossing else site.random.choice(lanes)
    shape = bus(site) if crossing or site.random.random() < 0.6 else tram(site)
    s = site.random.choice((1, -1)) * site.draw(5.5, 7.0) if crossing else site.draw(10, 15) + (4.0 if shape.name == "tram" else 0.0)
    site.keep(("taken", id(lane)), list).extend(s + d for d in (-9, -5, 0, 5, 9))
    _put(site, shape, lane, z, s, "bus_or_tram")


def _moving(site, lanes, count):
    lorry = site.keep("truck", lambda: truck(site)) if count > 2 else None
    for k in range(count):
        lane, z = lanes[k % len(lanes)] if count > 2 else site.random.choice(lanes)
        s = _start(site, lane, count > 3)
        if s is not None:
            shape = lorry if lorry and site.random.random() < 0.2 else car(site)
            _put(site, shape, lane, z, s, "moving_vehicles")


def _parked(site):
    """Cars along the kerb, or at the edge of the way; some places have their own."""
    z, tag = (0.0 if site.raised else site.z), [("traffic", "parked_vehicles")]
    if site.road:
        x = site.road[1] - 1.05 if site.random.random() < 0.4 and site.road[1] - site.road[0] < 9 else site.road[0] + 1.05
    elif site.ask.place in ("car_park", "yard_or_driveway"):
        return
    else:
        x, z = site.half - 0.95, site.z
    y = site.draw(5.5, 8.0)
    for _ in range(site.random.randint(2, 5)):
        if site.cut is None or not site.cut[0] - 2.8 < y < site.cut[1] + 2.8:
            site.put(car(site), x, y, z, math.copysign(math.pi / 2, x), tags=tag)
        y += site.draw(5.2, 7.5)
