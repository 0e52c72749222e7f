"""Measures a Cityscapes segmentation network in TensorFlow Lite on CamVid's maps, as `streetscape-train segmenter judge` measures ours:
every pixel that a person labelled, at the map's size, intersection over union averaged over the classes that are there in truth."""

import argparse
import io
import json
import tarfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

NAMES = (
    "road sidewalk building wall fence pole traffic_light traffic_sign vegetation terrain sky person rider car truck bus train "
    "motorcycle bicycle"
).split()
CLASSES = len(NAMES)
# What CamVid, as SegNet's authors merged it, doesn't tell from the class behind it.
WIDE = {"wall": "building", "traffic_light": "traffic_sign", "terrain": "vegetation", "truck": "car", "bus": "car", "train": "car"}
WIDE |= {"motorcycle": "rider", "bicycle": "rider"}


def samples(path):
    """Photo and map of each sample that a person drew."""
    parts = {}
    with tarfile.open(path) as tar:
        for member in tar:
            key, _, ending = member.name.partition(".")
            parts.setdefault(key, {})[ending] = member
        for key in sorted(parts):
            found = parts[key]
            if "seg.png" not in found:
                continue
            if json.load(tar.extractfile(found["json"])).get("segmentation") != "ground truth":
                continue
            read = lambda ending: Image.open(io.BytesIO(tar.extractfile(found[ending]).read()))
            yield read("jpg").convert("RGB"), np.asarray(read("seg.png"))


class Network:
    """The whole photo, squeezed to the network's square, is what it sees; its answer is brought to the map's size by the nearest."""

    def __init__(self, path, threads):
        self.interpreter = Interpreter(path, num_threads=threads)
        self.interpreter.allocate_tensors()
        [given], [answer] = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        self.input, self.output, self.size = given["index"], answer["index"], tuple(int(n) for n in given["shape"][2:0:-1])

    def map(self, photo, size):
        pixels = np.asarray(photo.resize(self.size, Image.Resampling.BILINEAR))
        self.interpreter.set_tensor(self.input, pixels[None])
        self.interpreter.invoke()
        answer = Image.fromarray(self.interpreter.get_tensor(self.output)[0].astype(np.uint8))
        return np.asarray(answer.resize(size, Image.Resampling.NEAREST))


def overlap(counts):
    """Intersection over union of each class that is there in truth; `counts` has a row for each truth."""
    right, truth, answer = np.diag(counts), counts.sum(1), counts.sum(0)
    return {NAMES[c]: right[c] / (truth[c] + answer[c] - right[c]) for c in range(CLASSES) if truth[c] > 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a .tflite file that gives Cityscapes' train ids")
    parser.add_argument("--data", nargs="+", required=True, help="WebDataset shards")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    network = Network(args.model, args.threads)
    counts = np.zeros((CLASSES, CLASSES), np.int64)
    for shard in args.data:
        for photo, truth in samples(shard):
            answer = network.map(photo, truth.shape[::-1])
            known = truth < CLASSES
            np.add.at(counts, (truth[known], answer[known]), 1)

    wide = np.array([NAMES.index(WIDE.get(name, name)) for name in NAMES])
    merged = np.zeros_like(counts)
    np.add.at(merged, (wide[:, None].repeat(CLASSES, 1), wide[None].repeat(CLASSES, 0)), counts)
    plain, merged_classes = overlap(counts), overlap(merged)
    print(f"{'class':<16} {'plain':>7} {'wide':>7}")
    for name, iou in plain.items():
        print(f"{name:<16} {iou:>7.4f} {merged_classes[name]:>7.4f}")
    print(f"{'mean':<16} {np.mean(list(plain.values())):>7.4f} {np.mean(list(merged_classes.values())):>7.4f}")
    print(f"{'pixels right':<16} {np.trace(counts) / counts.sum():>7.4f} {np.trace(merged) / merged.sum():>7.4f}")


if __name__ == "__main__":
    main()
