"""Shapes: faces gathered by material into one mesh, placed once or many times."""

import math

import bpy


class Shape:
    """Collects faces in local coordinates; `place` makes an object of them, again and again sharing the mesh."""

    def __init__(self, name):
        self.name = name
        self.points, self.faces, self.slots, self.smooth, self.materials = [], [], [], [], []
        self.mesh = None

    def add(self, points, faces, material, smooth=False):
        """Faces as tuples of indices into `points`."""
        if material not in self.materials:
            self.materials.append(material)
        slot, base = self.materials.index(material), len(self.points)
        self.points += [tuple(p) for p in points]
        for face in faces:
            self.faces.append(tuple(base + i for i in face))
            self.slots.append(slot)
            self.smooth.append(smooth)

    def box(self, centre, size, material, turn=0.0, lean=0.0):
        """A box; `turn` rotates it about z, `lean` before that about its own y."""
        points = []
        for i in range(8):
            x, y, z = (size[k] * (0.5 if i >> k & 1 else -0.5) for k in range(3))
            x, z = x * math.cos(lean) + z * math.sin(lean), z * math.cos(lean) - x * math.sin(lean)
            x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
            points.append((centre[0] + x, centre[1] + y, centre[2] + z))
        self.add(points, [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)], material)

    def prism(self, outline, axis, low, high, material):
        """A polygon of (u, v) pulled along `axis` (0, 1 or 2) from `low` to `high`; u, v are the other axes in order."""
        def at(u, v, w):
            p = [u, v]
            p.insert(axis, w)
            return p
        n = len(outline)
        points = [at(u, v, w) for w in (low, high) for u, v in outline]
        sides = [(i, (i + 1) % n, n + (i + 1) % n, n + i) for i in range(n)]
        self.add(points, sides + [tuple(range(n))[::-1], tuple(range(n, 2 * n))], material)

    def loft(self, rings, material, caps=True, smooth=True):
        """A skin over rings of equally many points; `material` may be a function of (ring, point)."""
        n = len(rings[0])
        points = [p for ring in rings for p in ring]
        chosen = material if callable(material) else lambda i, j: material
        groups = {}
        for i in range(len(rings) - 1):
            for j in range(n):
                k = (j + 1) % n
                groups.setdefault(chosen(i, j), []).append((i * n + j, i * n + k, (i + 1) * n + k, (i + 1) * n + j))
        if caps:
            last = (len(rings) - 1) * n
            groups.setdefault(chosen(0, 0), []).append(tuple(range(n))[::-1])
            groups.setdefault(chosen(len(rings) - 2, 0), []).append(tuple(range(last, last + n)))
        for each, faces in groups.items():
            self.add(points, faces, each, smooth)

    def lathe(self, profile, material, segments=28, centre=(0, 0, 0), axis=2):
        """Circles of (radius, height) along `axis`; `material` may be a function of (ring, point)."""
        rings = []
        for radius, height in profile:
            ring = []
            for i in range(segments):
                a = math.tau * i / segments
                p = [radius * math.cos(a), radius * math.sin(a)]
                p.insert(axis, height)
                ring.append([c + d for c, d in zip(centre, p)])
            rings.append(ring)
        self.loft(rings, material)

    def tube(self, line, radii, material, segments=10, flat=1.0):
        """A round limb along points; `radii` one number or one for each point; `flat` squeezes it in x."""
        radii = radii if isinstance(radii, (list, tuple)) else [radii] * len(line)
        rings = []
        for i, (p, r) in enumerate(zip(line, radii)):
            a, b = line[max(i - 1, 0)], line[min(i + 1, len(line) - 1)]
            d = _unit([q - o for o, q in zip(a, b)])
            u = _unit(_cross(d, (0, 1, 0) if abs(d[1]) < 0.9 else (1, 0, 0)))
            v = _cross(d, u)
            rings.append([[p[k] + r * (math.cos(t) * u[k] + math.sin(t) * v[k]) * (flat if k == 0 else 1) for k in range(3)]
                          for t in (math.tau * j / segments for j in range(segments))])
        self.loft(rings, material)

    def ball(self, centre, radii, material, rings=10, segments=16):
        """An ellipsoid."""
        def ring(a):
            return [[centre[0] + radii[0] * math.cos(a) * math.cos(b), centre[1] + radii[1] * math.cos(a) * math.sin(b),
                     centre[2] + radii[2] * math.sin(a)] for b in (math.tau * j / segments for j in range(segments))]
        self.loft([ring(math.radians(-89 + 178 * i / rings)) for i in range(rings + 1)], material)

    def place(self, x=0.0, y=0.0, z=0.0, turn=0.0, scale=1.0, bevel=0.0, tilt=0.0):
        """Put the shape into the scene; `bevel` rounds its edges by that many metres."""
        if self.mesh is None:
            self.mesh = bpy.data.meshes.new(self.name)
            self.mesh.from_pydata(self.points, [], self.faces)
            for each in self.materials:
                self.mesh.materials.append(each)
            self.mesh.polygons.foreach_set("material_index", self.slots)
            self.mesh.polygons.foreach_set("use_smooth", self.smooth)
            self.mesh.validate()
        made = bpy.data.objects.new(self.name, self.mesh)
        made.location, made.rotation_euler, made.scale = (x, y, z), (tilt, 0, turn), (scale,) * 3
        if bevel:
            edge = made.modifiers.new("bevel", "BEVEL")
            edge.width, edge.segments, edge.limit_method = bevel, 2, "ANGLE"
        bpy.context.collection.objects.link(made)
        return made


def _unit(v):
    length = math.sqrt(sum(c * c for c in v)) or 1.0
    return [c / length for c in v]


def _cross(a, b):
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
