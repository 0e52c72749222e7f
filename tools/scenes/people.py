"""Clothed figures of round limbs."""

import math

from . import materials as m
from .mesh import Shape

SKINS = [(0.6, 0.36, 0.26), (0.3, 0.16, 0.1), (0.12, 0.06, 0.04), (0.5, 0.3, 0.2)]
CLOTHES = [(0.03, 0.04, 0.09), (0.3, 0.03, 0.03), (0.5, 0.48, 0.42), (0.04, 0.12, 0.1), (0.08, 0.08, 0.085), (0.35, 0.22, 0.06), (0.1, 0.2, 0.4)]
HAIR = [(0.012, 0.008, 0.006), (0.08, 0.04, 0.02), (0.3, 0.2, 0.09), (0.35, 0.34, 0.33)]


def person(random, stride=0.0):
    """Someone who looks along +x; `stride` is how far the feet are apart, 0 for standing, 0.35 for walking."""
    cloth = lambda name: m.mottled(name, random.choice(CLOTHES), 0.2, 25, 0.95)
    skin = m.material("skin", random.choice(SKINS), 0.55)
    hair, coat, trousers = m.material("hair", random.choice(HAIR), 0.7), cloth("coat"), cloth("trousers")
    shoe = m.material("shoe", (0.02, 0.018, 0.016), 0.5)
    shape = Shape("person")
    for side in (-1, 1):
        foot, swing = side * stride, -side * stride
        lift = 0.08 * stride if side < 0 else 0.0
        knee = (foot * 0.5 + 0.04 * (stride > 0), side * 0.095, 0.5)
        shape.tube([(0, side * 0.09, 0.95), (0, side * 0.095, 0.88), knee, (foot, side * 0.1, 0.1 + lift)], [0.1, 0.095, 0.068, 0.05], trousers, 14)
        shape.ball((foot + 0.06, side * 0.105, 0.045 + lift), (0.135, 0.048, 0.05), shoe)
        hand = (0.04 + swing * 0.8, side * 0.27, 0.83)
        elbow = (swing * 0.35 - 0.03, side * 0.265, 1.1)
        shape.tube([(0, side * 0.17, 1.43), (0, side * 0.215, 1.38), elbow, hand], [0.05, 0.062, 0.05, 0.038], coat, 12)
        shape.ball((hand[0] + 0.01, hand[1], hand[2] - 0.06), (0.042, 0.028, 0.075), skin)
    torso = [(0.82, 0.17, 0.12), (0.95, 0.175, 0.125), (1.08, 0.155, 0.115), (1.25, 0.175, 0.125), (1.38, 0.185, 0.115), (1.45, 0.13, 0.085), (1.49, 0.06, 0.06)]
    shape.loft([[(d * math.cos(a), w * math.sin(a), z) for a in (math.tau * i / 24 for i in range(24))] for z, w, d in torso], coat)
    shape.tube([(0, 0, 1.44), (0.01, 0, 1.58)], 0.055, skin)
    shape.ball((0.025, 0, 1.65), (0.095, 0.075, 0.12), skin, 14, 20)
    shape.ball((0.0, 0, 1.685), (0.1, 0.085, 0.1), hair, 14, 20)
    shape.ball((0.122, 0, 1.63), (0.02, 0.014, 0.025), skin, 6, 8)
    if random.random() < 0.5:
        shape.ball((-0.17, 0, 1.2), (0.09, 0.14, 0.22), cloth("rucksack"))
    return shape
