"""The places of the vocabulary: for each the measures of its way and road, what the ground around is, and what is built there."""

from . import built, land, town
from .plan import Place

PLACES: dict[str, Place] = {**town.PLACES, **land.PLACES, **built.PLACES}
