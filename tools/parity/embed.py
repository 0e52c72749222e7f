"""ViT-B/32 as `benches/clip.rs` has it: every photo of a folder from its JPEG to its embedding, once for each line that comes.

    python tools/parity/embed.py export GRAPH                      # writes the graph as PyTorch exports it
    python tools/parity/embed.py transformers PHOTOS THREADS
    python tools/parity/embed.py onnxruntime PHOTOS THREADS GRAPH
"""

import pathlib
import resource
import sys

import numpy as np
from PIL import Image

# Of each channel, as CLIP was trained.
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def tower():
    """The image tower with its projection: transformers' own defaults."""
    import torch
    import transformers

    torch.manual_seed(1)
    return transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig()).eval()


def export(path):
    import torch

    class Embeds(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.tower = tower()

        def forward(self, pixels):
            return self.tower(pixel_values=pixels).image_embeds

    pixels = torch.zeros(1, 3, 224, 224)
    names = {"input_names": ["pixel_values"], "output_names": ["image_embeds"], "dynamic_axes": {"pixel_values": {0: "N"}}}
    # The exporter that needs no further package.
    with torch.no_grad():
        torch.onnx.export(Embeds(), (pixels,), path, opset_version=17, dynamo=False, **names)


def in_transformers(threads):
    import torch
    import transformers

    torch.set_num_threads(threads)
    processor, model = transformers.CLIPImageProcessor(), tower()

    @torch.inference_mode()
    def embed(file):
        pixels = processor(Image.open(file), return_tensors="pt")
        return model(**pixels).image_embeds.numpy()

    return embed


def in_onnxruntime(threads, path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def embed(file):
        photo = Image.open(file).convert("RGB")
        short = min(photo.size)
        left, top = ((side - short) / 2 for side in photo.size)
        square = photo.resize((224, 224), Image.Resampling.BICUBIC, box=(left, top, left + short, top + short))
        pixels = (np.asarray(square, np.float32) / 255 - MEAN) / STD
        return session.run(None, {"pixel_values": np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])})

    return embed


def main():
    if sys.argv[1] == "export":
        return export(sys.argv[2])
    photos, threads = sorted(pathlib.Path(sys.argv[2]).iterdir()), int(sys.argv[3])
    embed = in_transformers(threads) if sys.argv[1] == "transformers" else in_onnxruntime(threads, sys.argv[4])
    print("ready", flush=True)
    for _ in sys.stdin:
        for file in photos:
            embed(file)
        print(flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


main()
