"""What a place tells the builder before anything is built."""

from typing import Callable, NamedTuple


class Place(NamedTuple):
    """`way`, `road` and `far` are (least, most) metres of the way, the road beside it and the pavement beyond, the latter two None where
    there is none; `name` is the shape that the way is; `land` the (shape, surface) of the ground around, None where `build` lays it;
    `roadside` says whether a road may be laid beside the way for the traffic that is asked for; `build` puts up what stands there."""
    way: tuple
    road: tuple | None
    far: tuple | None
    name: str
    land: tuple | None
    roadside: bool
    build: Callable
