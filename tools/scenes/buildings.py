"""Houses: a facade along y with windows and a door, gables, a roof."""

from . import materials as m
from .mesh import Shape

WALLS = [(0.34, 0.13, 0.085), (0.42, 0.22, 0.12), (0.3, 0.11, 0.08), (0.5, 0.36, 0.2)]
PLASTERS = [(0.72, 0.69, 0.62), (0.68, 0.58, 0.4), (0.55, 0.62, 0.66), (0.72, 0.5, 0.4), (0.76, 0.75, 0.72)]
DOORS = [(0.25, 0.02, 0.02), (0.02, 0.08, 0.2), (0.02, 0.12, 0.06), (0.1, 0.05, 0.025), (0.03, 0.03, 0.035)]


class Houses:
    """Builds houses whose common materials are made once."""

    def __init__(self, random):
        self.random = random
        self.brick = [m.bricks(c) for c in WALLS]
        self.plaster = [m.plaster(c) for c in PLASTERS]
        self.door = [m.material("door", c, 0.35) for c in DOORS]
        self.roof = [m.roof_tiles(c) for c in ((0.22, 0.07, 0.04), (0.09, 0.08, 0.08), (0.28, 0.12, 0.07))]
        self.glass = m.window_glass()
        self.frame = m.material("window frame", (0.75, 0.75, 0.72), 0.5)
        self.stone = m.mottled("sill", (0.5, 0.48, 0.43), 0.15, 8)
        self.drain = m.material("drainpipe", (0.04, 0.04, 0.045), 0.5)
        self.plinth = m.mottled("plinth", (0.2, 0.19, 0.18), 0.25, 5)

    def house(self, side, front, y0, width, storeys=2, depth=8.0, z=0.12):
        """A house on one side of the street (+1: at x > 0), its facade at `front`, from `y0` on."""
        pick = self.random.choice
        wall = pick(self.brick) if self.random.random() < 0.6 else pick(self.plaster)
        eaves, y, out = z + 0.3 + 2.9 * storeys, y0 + width / 2, -side
        shape = Shape("house")
        shape.box((front + side * depth / 2, y, eaves / 2), (depth, width, eaves), wall)
        shape.box((front + out * 0.02, y, z + 0.2), (0.06, width + 0.01, 0.4), self.plinth)
        shape.box((front + out * 0.03, y, z + 3.1), (0.08, width, 0.16), self.stone)
        ridge, over = eaves + depth * 0.34, 0.35
        a, b = front + out * over, front + side * (depth + over)
        middle = (a + b) / 2
        shape.prism([(a, eaves - 0.05), (middle, ridge), (b, eaves - 0.05), (b, eaves + 0.1), (middle, ridge + 0.16), (a, eaves + 0.1)],
                    1, y0, y0 + width, pick(self.roof))
        shape.prism([(front, eaves), (middle, ridge), (front + side * depth, eaves)], 1, y0 + 0.01, y0 + width - 0.01, wall)
        shape.tube([(a, y0, eaves), (a, y0 + width, eaves)], 0.07, self.drain)
        shape.tube([(front + out * 0.07, y0 + 0.2, z), (front + out * 0.07, y0 + 0.2, eaves)], 0.045, self.drain)
        shape.box((middle, y0 + 0.8, ridge + 0.3), (0.6, 0.9, 1.6), pick(self.brick))

        bays = max(2, int(width / 2.3))
        door = self.random.randrange(bays)
        for storey in range(storeys):
            for bay in range(bays):
                at = y0 + width * (bay + 0.5) / bays
                if storey == 0 and bay == door:
                    self._door(shape, front, out, at, z)
                else:
                    self._window(shape, front, out, at, z + 0.95 + 2.9 * storey, 1.15, 1.45)
        return shape.place()

    def _window(self, shape, front, out, y, z, width, height):
        def plate(proud, dy, dz, wide, high, material):
            shape.box((front + out * proud / 2, y + dy, z + height / 2 + dz), (abs(proud), wide, high), material)
        plate(0.03, 0, 0, width + 0.26, height + 0.26, self.stone)
        plate(0.036, 0, 0, width, height, self.glass)
        for dy in (-1, 1):
            plate(0.055, dy * (width / 2 - 0.03), 0, 0.07, height, self.frame)
        plate(0.055, 0, 0, 0.06, height, self.frame)
        for dz in (-1, 0.4, 1):
            plate(0.055, 0, dz * (height / 2 - 0.03), width, 0.07, self.frame)
        plate(0.14, 0, -height / 2 - 0.06, width + 0.3, 0.08, self.stone)

    def _door(self, shape, front, out, y, z):
        def plate(proud, dy, bottom, wide, high, material):
            shape.box((front + out * proud / 2, y + dy, z + bottom + high / 2), (proud, wide, high), material)
        colour = self.random.choice(self.door)
        plate(0.05, 0, 0, 1.35, 2.75, self.stone)
        plate(0.056, 0, 0.16, 1.0, 2.05, colour)
        plate(0.056, 0, 2.27, 1.0, 0.36, self.glass)
        for dy in (-0.22, 0.22):
            for bottom, high in ((0.35, 0.65), (1.15, 0.85)):
                plate(0.075, dy, bottom, 0.3, high, colour)
        plate(0.09, 0.4, 1.08, 0.05, 0.16, self.frame)
        plate(0.4, 0, 0, 1.5, 0.14, self.stone)


def garden_wall(x, y0, y1, brick, stone, height=0.75):
    """A low wall along y with a coping."""
    shape = Shape("garden wall")
    shape.box((x, (y0 + y1) / 2, height / 2), (0.22, y1 - y0, height), brick)
    shape.box((x, (y0 + y1) / 2, height + 0.04), (0.3, y1 - y0, 0.08), stone)
    return shape.place()
