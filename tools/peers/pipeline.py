"""What `streetscape` does at its start, as a script of the usual parts does it: onnxruntime, Pillow and numpy over the same model, and
espeak-ng for the words.

    python tools/peers/pipeline.py BUNDLE MODEL VOCABULARY PHOTO [aloud]

Prints a line of JSON once the photo is ranked: the most probable place, and what each part took, in microseconds. With `aloud` it says the
place too.
"""

import json
import subprocess
import sys
import time

last = time.perf_counter()
parts = []


def done():
    global last
    parts.append(round((time.perf_counter() - last) * 1e6))
    last = time.perf_counter()


import pathlib
import tomllib

import numpy as np
import onnxruntime
from PIL import Image

done()  # the libraries

bundle = pathlib.Path(sys.argv[1])
manifest = tomllib.loads((bundle / "bundle.toml").read_text())
facets = tomllib.loads(pathlib.Path(sys.argv[3]).read_text())["facet"]
done()  # the manifest

session = onnxruntime.InferenceSession(str(bundle / sys.argv[2]), providers=["CPUExecutionProvider"])
done()  # the image tower


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


prompts, residuals, classes = np.load(bundle / "prompts.npy"), np.load(bundle / "residuals.npy"), {}
first = row = 0
for facet in facets:
    counts = [len(c["prompts"]) for c in facet["class"]]
    means = [unit(prompts[row + sum(counts[:i]) : row + sum(counts[: i + 1])].mean(0)) for i in range(len(counts))]
    classes[facet["id"]] = unit(np.array(means) + residuals[first : first + len(counts)])
    row, first = row + sum(counts), first + len(counts)
done()  # the prompts

photo = Image.open(sys.argv[4]).convert("RGB")
done()  # decoding

image = manifest["image"]
short = min(photo.size)
left, top = ((side - short) / 2 for side in photo.size)
size = (image["size"], image["size"])
square = photo.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + short, top + short))
pixels = (np.asarray(square, np.float32) / 255 - np.array(image["mean"], np.float32)) / np.array(image["std"], np.float32)
answer = session.run(None, {"pixel_values": np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])})
picture = unit(answer[0][0])
done()  # encoding

names = {facet["id"]: [c["id"].replace("_", " ") for c in facet["class"]] for facet in facets}
ranked = {}
for calibration in manifest["calibration"]["facet"]:
    if calibration["view"] != "full" or calibration["facet"] not in classes:
        continue
    facet = calibration["facet"]
    biases = np.array([calibration["class"][name.replace(" ", "_")]["bias"] for name in names[facet]])
    logits = calibration["scale"] * (classes[facet] @ picture) + biases
    ranked[facet] = [names[facet][i] for i in np.argsort(-logits)]
place = ranked["place"][0]
done()  # ranking

print(json.dumps({"place": place, "parts": parts}), flush=True)
if sys.argv[5:] == ["aloud"]:
    subprocess.run(["espeak-ng", "-v", "en", "-s", "190", f"{place.capitalize()}."], check=True)
