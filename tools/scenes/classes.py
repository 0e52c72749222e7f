"""What there is to be told and to be mapped: the facets of models/vocabulary.toml and the things of models/ontology.toml. Pure."""

import re
import tomllib
from pathlib import Path

MODELS = Path(__file__).parents[2] / "models"


def _read(name):
    with open(MODELS / name, "rb") as file:
        return tomllib.load(file)


def _facets():
    """The vocabulary's classes by facet: a facet's classes follow it in the file."""
    found = {}
    for part in re.split(r"^\[\[facet\]\]$", (MODELS / "vocabulary.toml").read_text(), flags=re.MULTILINE)[1:]:
        facet = tomllib.loads(part.replace("[[facet.class]]", "[[class]]"))
        found[facet["id"]] = tuple(each["id"] for each in facet["class"])
    return found


FACETS = _facets()
"""Class ids by facet, in the vocabulary's order."""
THINGS = {thing["name"]: thing["id"] for thing in _read("ontology.toml")["thing"]}
"""Values of a map by name."""

SHAPES = {
    "road": "road centre_line lane_marks gutter asphalt_patch",
    "sidewalk": "pavement platform platform_edge quay deck",
    "crosswalk": "zebra_crossing zebra_area crossing_lines",
    "cycle_lane": "cycle_lane cycle_mark",
    "kerb": "kerb", "kerb_ramp": "kerb_ramp", "path": "path",
    "parking": "parking bay_lines",
    "rail_track": "rails ballast",
    "terrain": "land grass tree_pit garden earth field works stubble flowers",
    "sand": "sand", "snow": "snow", "water": "water", "stairs": "steps", "tactile_paving": "tactile_paving",
    "manhole": "manhole", "pothole": "pothole", "floor": "floor carpet",
    "building": "house block shop awning garage roof ceiling scaffold shell canopy far_house",
    "wall": "garden_wall wall cheek_walls inner_wall coping column", "fence": "fence handrails railing mesh_fence",
    "guard_rail": "guard_rail", "barrier": "barrier saltire_boom", "bridge": "bridge truss", "tunnel": "tunnel portal",
    "door": "door", "gate": "gate",
    "pole": "lamp_post mast post stop_pole signal_pole", "bollard": "bollard", "traffic_light": "traffic_light",
    "traffic_sign": "crossing_sign sign gantry saltire stop_sign", "sign_board": "sign_board",
    "bench": "bench", "bin": "bin", "bags": "bags", "fire_hydrant": "hydrant", "cone": "cone", "stall": "stall cart",
    "street_furniture": "shelter fountain planter statue furniture lamp",
    "rubble": "rubble", "vegetation": "tree hedge bush branch trunk fern tuft", "mountain": "hill",
    "person": "person", "rider": "rider", "animal": "dog cow", "car": "car", "truck": "truck crane digger", "bus": "bus", "train": "train tram",
    "bicycle": "bicycle scooter", "other_vehicle": "boat container",
}
"""Which things the shapes are, by name."""
MATERIALS = {"door": "door"}
"""Materials that are things of their own, whatever shape they are on."""

_THING = {shape.replace("_", " "): THINGS[thing] for thing, shapes in SHAPES.items() for shape in shapes.split()}


def plain(name):
    """A name without the number that Blender gives to what bears the same."""
    return re.sub(r"\.\d+$", "", name)


def thing_of_shape(name):
    """The map's value for an object or mesh of that name; a shape that the table lacks raises KeyError."""
    return _THING[plain(name)]


def thing_of_material(name):
    """The map's value for a material that is a thing of its own, else 0."""
    thing = MATERIALS.get(plain(name))
    return THINGS[thing] if thing else 0
