"""Generated street scenes: places built from code, rendered with Blender's Cycles (bpy) on the CPU.

`serve` answers requests for pictures: `request` says what one shall show, `build` makes the scene of it on a `site` (`ground`, `places`,
`crossings`, `obstacles`, `people`, `traffic`, `sky`), `film` renders picture and map with what is in the `air`, `told` tells from the
picture's layers what is truly to be seen. `classes` reads vocabulary and ontology; `check` draws every class once; `tests` need no Blender.

`materials`, `surfaces` and `nodes` say how things look, `mesh` builds shapes; `street`, `buildings`, `things`, `vehicles`, `greenery` and
`props` are the stock. `demo` is the demonstration walk (street and route), which `path` walks, `truth` observes and `render` writes; `walks` leads a
walker through places that `build` made, and `sighted` makes the truth of it.

Metres and z up throughout. Everything random comes from a seeded `random.Random`.
"""
