"""Takes what the trainer wrote back to the references: `transformers` loads the folder, ONNX's checker and runtime take the graphs.

    python tools/parity/check.py .cache/parity/vit-b-32 .cache/parity/written models/street

The first folder holds the vectors that `vectors.py` made, the second what the trainer wrote of the same checkpoint. Of further folders the checker
alone takes the graphs.
"""

import itertools
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from safetensors.numpy import load_file

# As in `tests/parity.rs`, and what an exported graph may be away in either precision.
TORCH, ONNX = 1e-5, {"f32": 1e-4, "f16": 5e-3}


def apart(name, found, want, most):
    """The greatest difference as a share of the greatest value."""
    figure = float(np.abs(found - want).max() / np.abs(want).max())
    print(f"{name:<45} {figure:10.2e} {most:10.1e}")
    return figure <= most


def main():
    made, written, *others = map(pathlib.Path, sys.argv[1:])
    vectors = load_file(made / "vectors.safetensors")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    model, told = transformers.CLIPModel.from_pretrained(written, output_loading_info=True)
    assert not any(told.values()), told
    tokenizer = transformers.AutoTokenizer.from_pretrained(written)
    transformers.AutoImageProcessor.from_pretrained(written)
    texts = [text["text"] for text in json.loads((made / "tokens.json").read_text())]
    context = model.config.text_config.max_position_embeddings
    ids = tokenizer(texts, truncation=True, max_length=context, padding=True, return_tensors="pt")
    pixels = torch.from_numpy(vectors["pixels"])
    with torch.no_grad():
        output = model(pixel_values=pixels, **ids)
    good = [apart("transformers, logits", output.logits_per_image.numpy(), vectors["logits"], TORCH)]
    inputs = {
        "image": {"pixel_values": vectors["pixels"]},
        "text": {"input_ids": ids["input_ids"].numpy(), "attention_mask": ids["attention_mask"].numpy()},
    }
    for (tower, fed), (precision, most) in itertools.product(inputs.items(), ONNX.items()):
        path = written / f"{tower}.{precision}.onnx"
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        [found] = session.run(None, fed)
        good.append(apart(f"ONNX Runtime, {tower} embeddings, {precision}", found, vectors[f"{tower}_embeds"], most))
    for path in sorted(path for folder in [written, *others] for path in folder.glob("*.onnx")):
        onnx.checker.check_model(str(path), full_check=True)
        print(f"the checker takes {path}")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
