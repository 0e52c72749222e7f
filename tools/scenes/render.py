"""Writes a walk's folder: frames (each aside, then renamed; those that exist are kept), frames.csv, walk.toml."""

import csv
import os
import time
from pathlib import Path

import bpy

from . import stage


def frames(scene, camera, walk, times, folder, only=None):
    """Render the frame of each time into `folder`/frames; `only` picks some by number."""
    target = Path(folder) / "frames"
    target.mkdir(parents=True, exist_ok=True)
    for index, t in enumerate(times):
        final = target / f"{index:06}.jpg"
        if final.exists() or (only is not None and index not in only):
            continue
        aside = target / f".{index:06}.part.jpg"
        stage.aim(camera, walk.pose(t))
        scene.render.filepath = str(aside)
        begin, worked = time.monotonic(), time.process_time()
        bpy.ops.render.render(write_still=True)
        os.replace(aside, final)
        print(f"frame {index}: {time.monotonic() - begin:.1f} s, {time.process_time() - worked:.1f} s of CPU, {final.stat().st_size // 1024} KiB", flush=True)


def tables(folder, times, title, start, complete=()):
    """frames.csv and walk.toml; of the facets `complete` the truth tells everything."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "frames.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["time_s", "file"])
        out.writerows((f"{t:.3f}", f"frames/{i:06}.jpg") for i, t in enumerate(times))
    about = f'title = "{title}"\nstart = {start}\ncamera = "rendered by tools/scenes: chest height, 70 degrees wide, 10 degrees down"\nlicence = "CC0-1.0"\n'
    facets = ", ".join(f'"{facet}"' for facet in complete)
    (folder / "walk.toml").write_text(about + (f"complete = [{facets}]\n" if complete else ""))
