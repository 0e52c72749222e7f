"""Generated street scenes: streets built from code, rendered with Blender's Cycles (bpy) on the CPU.

`materials` and `nodes` say how surfaces look, `mesh` builds shapes; `street`, `buildings`, `things`, `people` and `greenery` are what
stands in a street; `stage` holds sky, camera and render settings; `path` walks; `demo` is the demonstration walk (street and route);
`truth` finds out what the walker sees; `render` writes frames; `__main__` is the command line.

Metres and z up throughout. Everything random comes from a seeded `random.Random` that the caller hands in.
"""
