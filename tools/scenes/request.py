"""What a picture shall show: one request, read from a line of JSON, checked, and completed from its seed. Pure."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

from .classes import FACETS

USUAL = {
    "street": "paved_sidewalk asphalt brick_or_cobble", "residential_street": "paved_sidewalk asphalt", "shopping_street": "paved_sidewalk brick_or_cobble",
    "alley": "asphalt brick_or_cobble", "plaza": "brick_or_cobble paved_sidewalk", "park": "gravel_or_dirt asphalt grass", "car_park": "asphalt",
    "station": "paved_sidewalk", "bus_stop": "paved_sidewalk asphalt", "bridge": "paved_sidewalk asphalt", "tunnel": "paved_sidewalk asphalt",
    "construction_site": "gravel_or_dirt cracked_or_broken", "highway": "asphalt", "country_road": "asphalt gravel_or_dirt", "forest_path": "gravel_or_dirt",
    "stairs": "steps_up steps_down", "building_front": "paved_sidewalk brick_or_cobble", "market": "brick_or_cobble paved_sidewalk",
    "waterside": "paved_sidewalk brick_or_cobble sand", "open_land": "gravel_or_dirt grass", "railway": "gravel_or_dirt",
    "yard_or_driveway": "brick_or_cobble asphalt", "indoors": "indoor_floor",
}
"""What one usually stands on in each place."""
OFTEN_NONE = {"crossing": 0.6, "obstacle": 0.4, "people": 0.4, "traffic": 0.5}
HEIGHTS = (1.2, 1.6)
"""Metres of a camera on a chest above what its walker stands on."""
FARTHEST, LOWEST = 6.0, 32.0
"""Metres further than usual from which things may be seen, and degrees by which a camera may hang lower."""
FURTHER, LOWERED = 0.5, 0.2
"""The shares of pictures of which these are drawn; the others show things where they usually are, with a camera that looks ahead."""
ROOFED = {"indoors"}
FLOORED = {"indoors", "station", "tunnel"}
"""Places that may have an indoor floor."""
INSIDE = {"surface": {"indoor_floor", "wet_or_puddle", "tactile_paving", "steps_up", "steps_down", "none"},
          "obstacle": set(FACETS["obstacle"]) - {"parked_car", "manhole_or_pothole"}, "people": {"none", "few", "crowd"}, "crossing": {"none"}, "traffic": {"none"}}
"""What a room can hold."""


@dataclass(frozen=True)
class Request:
    """`facets` holds class ids by facet, every facet; `camera_height` in metres; `picture` and `map` are where the files go; what lies ahead does so
    `further` metres away, and the camera hangs `lowered` degrees lower."""
    id: str
    seed: int
    facets: dict
    camera_height: float
    width: int
    height: int
    picture: Path
    map: Path
    further: float = 0.0
    lowered: float = 0.0

    def asks(self, facet, label):
        """Whether `label` is to be seen."""
        return label in self.facets[facet]

    @property
    def place(self):
        return self.facets["place"][0]

    @property
    def weather(self):
        return self.facets["weather"][0]

    @property
    def light(self):
        return self.facets["light"][0]


def parse(line):
    """The request of a line; ValueError says in one line what is wrong with it."""
    try:
        read = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(read, dict):
        raise ValueError("a request must be a JSON object")
    for key, kind in (("id", str), ("seed", int), ("picture", str), ("map", str)):
        if not isinstance(read.get(key), kind):
            raise ValueError(f"{key} must be given, as {kind.__name__}")
    width, height = read.get("width", 320), read.get("height", 240)
    if not all(isinstance(n, int) and 32 <= n <= 2048 for n in (width, height)):
        raise ValueError("width and height must be whole numbers from 32 to 2048")
    seed = read["seed"]
    camera = _number(read, "camera_height", Random(f"height {seed}").uniform(*HEIGHTS), 0.5, 2.5, "m")
    further = _number(read, "further", _drawn(f"further {seed}", FURTHER, FARTHEST), 0.0, 20.0, "m")
    lowered = _number(read, "lowered", _drawn(f"lowered {seed}", LOWERED, LOWEST), 0.0, 60.0, "degrees")
    facets = complete(_checked(read.get("facets") or {}), seed)
    return Request(read["id"], seed, facets, camera, width, height, Path(read["picture"]), Path(read["map"]), further, lowered)


def _number(read, key, usual, low, high, unit):
    """The number under `key`, or else the `usual` one."""
    value = read.get(key, usual)
    if not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{key} must be from {low:g} to {high:g} {unit}")
    return float(value)


def _drawn(seed, share, most):
    """Up to `most` in that share of the draws, else 0."""
    random = Random(seed)
    return random.uniform(0.0, most) if random.random() < share else 0.0


def _checked(facets):
    if not isinstance(facets, dict):
        raise ValueError("facets must be an object of lists of class ids")
    for facet, labels in facets.items():
        if facet not in FACETS:
            raise ValueError(f"no facet is called {facet!r}; there are {', '.join(FACETS)}")
        if not isinstance(labels, list):
            raise ValueError(f"{facet} must be a list of class ids")
        for label in labels:
            if label not in FACETS[facet]:
                raise ValueError(f"{facet} has no class {label!r}; it has {', '.join(FACETS[facet])}")
    return {facet: tuple(labels) for facet, labels in facets.items() if labels}


def complete(asked, seed):
    """Every facet: what is asked, the rest drawn from the seed; what cannot be in such a place is left out."""
    facets, random = dict(asked), Random(f"request {seed}")
    if "place" not in facets:
        inside = "indoors" in asked.get("light", ()) or "indoor_floor" in asked.get("surface", ())
        facets["place"] = ("indoors",) if inside else (random.choice([place for place in FACETS["place"] if place not in ROOFED]),)
    place = facets["place"][0]
    drawn = {
        "surface": random.choice(USUAL[place].split()), "weather": random.choice(FACETS["weather"]), "light": random.choice(("day", "day", "dusk", "night")),
        **{facet: "none" if random.random() < share else random.choice(FACETS[facet][1:]) for facet, share in OFTEN_NONE.items()},
    }
    for facet, label in drawn.items():
        facets.setdefault(facet, (label,))
    if place in ROOFED:
        for facet, able in INSIDE.items():
            facets[facet] = tuple(label for label in facets[facet] if label in able) or ("indoor_floor" if facet == "surface" else "none",)
        facets["light"] = ("indoors",)
    elif facets["light"] == ("indoors",):
        facets["light"] = (drawn["light"],)
    if place not in FLOORED:
        facets["surface"] = tuple(label for label in facets["surface"] if label != "indoor_floor") or ("paved_sidewalk",)
    return facets
