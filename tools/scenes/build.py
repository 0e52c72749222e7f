"""From a request to a scene: the order in which a place is laid out, built up, peopled and lit."""

import math

from . import crossings, ground, obstacles, people, places, sky, stage, traffic
from .path import Pose
from .request import USUAL
from .site import Site, objects

WIDE = 80.0
"""Metres to each side over which open ground is laid."""


def build(scene, ask, again=None):
    """Everything that `ask` wants to be seen; gives the camera and the site. What is built beside the way stands there once more `again` metres on."""
    site, place = Site(ask), places.PLACES[ask.place]
    _lay_out(site, place)
    ground.way(site)
    ground.road(site)
    _land(site, place)
    before = set(objects())
    place.build(site)
    if again is not None:
        for each in objects():
            if each not in before:
                site.repeat(each, again)
    for part in (crossings, traffic, obstacles, people):
        part.build(site)
    sky.light(scene, site)
    sky.weather(site)
    return _look(scene, site), site


def _lay_out(site, place):
    """Decide where way, cycle lane, road, crossing and stairs are."""
    random, crossing = site.random, set(site.ask.facets["crossing"]) - {"none"}
    site.half, site.way_name = site.draw(*place.way) / 2, place.name
    ground.choose(site, USUAL[site.ask.place].split())
    crossings.plan(site)
    site.push(site.ask.further)
    x = site.half + (crossings.LANE + 0.2 if "cycle_lane" in crossing else 0.0)
    if "cycle_lane" in crossing:
        site.lane = (site.half + 0.1, site.half + 0.1 + crossings.LANE)
    driven = set(site.ask.facets["traffic"]) - {"none"} and place.roadside
    wanted = place.road or ((5.5, 7.0) if driven or "junction" in crossing else None)
    # A road beside the way makes a junction of every crossing; most crossings shall do without.
    if wanted and (driven or "junction" in crossing or not crossing - {"cycle_lane"} or random.random() < 0.25):
        site.road = (x + 0.16, x + 0.16 + site.draw(*wanted))
        x = site.road[1] + 0.16
        if place.far:
            site.far, x = (x, x + site.draw(*place.far)), x
            x = site.far[1]
    site.edge, site.outer = -site.half, x


def _land(site, place):
    """The far pavement, and what the ground is beyond all that."""
    if site.far:
        ground.beside(site, "pavement", site.far, "paved_sidewalk", ("surface", "paved_sidewalk"))
    if place.land:
        name, kind = place.land
        if kind == "grass" and site.ask.weather == "snow" and not site.asks("surface", "grass"):
            name, kind = "snow", "snow_or_ice"
        for xs in ((-WIDE, site.edge), (site.outer, WIDE)):
            ground.beside(site, name, xs, kind, ("surface", kind))


def _look(scene, site):
    """The camera on the walker's chest; where no ground shall be seen, it looks up."""
    random = site.random
    if site.asks("surface", "none"):
        tilt = -math.radians(site.draw(28, 34))
    else:
        tilt = math.radians((site.draw(10, 16) if site.foot is not None and site.down else site.draw(4, 14)) + site.ask.lowered)
    heading = math.pi / 2 + math.radians(max(-12, min(12, random.gauss(0, 5))))
    camera = stage.camera(scene)
    stage.aim(camera, Pose(site.draw(-0.25, 0.25) * site.half, 0, site.z + site.ask.camera_height, heading, tilt, math.radians(random.gauss(0, 1.2))))
    return camera
