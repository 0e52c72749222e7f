"""Makes the tests' tiny bundle and the vectors that preprocessing must reproduce. Needs numpy, onnx, pillow.

    python tests/data/encoder/make.py
    UPDATE_EXPECT=1 cargo test --test encoder_towers the_bundle_is_sealed    # embeds the prompts and seals the bundle

The image tower is a 2 x 2 average pool and a matrix, the text tower a masked mean over a table of words: they run in a moment
and their answers can be reckoned by hand. Everything is made by formula.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = pathlib.Path(__file__).parent
BUNDLE = HERE.parent / "bundle"
SIZE, WIDTH = 32, 8
WORDS = "[PAD] [UNK] [CLS] [SEP] a street crossing zebra stairs park by day at night".split()


def waves(*shape):
    return np.sin(np.arange(np.prod(shape), dtype=np.float64) * 1.7 + 0.3).astype(np.float32).reshape(shape)


def save(name, nodes, inputs, output, constants):
    graph = helper.make_graph(
        nodes,
        "tower",
        [helper.make_tensor_value_info(n, t, s) for n, t, s in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", WIDTH])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, BUNDLE / name)


def image(name, weights):
    half = SIZE // 2
    nodes = [
        helper.make_node("AveragePool", ["pixel_values"], ["pooled"], kernel_shape=[half, half], strides=[half, half]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["image_embeds"]),
    ]
    save(name, nodes, [("pixel_values", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])], "image_embeds", {"weights": weights})


def text(name):
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["words", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "axis"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["column", "axis"], ["count"], keepdims=0),
        helper.make_node("Div", ["sum", "count"], ["text_embeds"]),
    ]
    ids = ["batch", "tokens"]
    inputs = [("input_ids", TensorProto.INT64, ids), ("attention_mask", TensorProto.INT64, ids)]
    constants = {
        "table": waves(len(WORDS), WIDTH),
        "last": np.array([-1], np.int64),
        "axis": np.array([1], np.int64),
    }
    save(name, nodes, inputs, "text_embeds", constants)


def tokenizer(name):
    special = [
        {"id": i, "content": w, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i, w in enumerate(WORDS[:4])
    ]
    piece = lambda key, value: {key: {"id": value, "type_id": 0}}
    content = {
        "version": "1.0",
        # Asked for by the file and overruled by the program, as with the sentence encoder's.
        "truncation": {"max_length": 4, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {
            "strategy": {"Fixed": 4}, "direction": "Right", "pad_to_multiple_of": None,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]",
        },
        "added_tokens": special,
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [piece("SpecialToken", "[CLS]"), piece("Sequence", "A"), piece("SpecialToken", "[SEP]")],
            "pair": [piece("Sequence", "A"), piece("Sequence", "B")],
            "special_tokens": {w: {"id": w, "ids": [WORDS.index(w)], "tokens": [w]} for w in ("[CLS]", "[SEP]")},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }
    (BUNDLE / name).write_text(json.dumps(content, indent=1) + "\n")


def picture(width, height):
    """The same formula stands in tests/encoder_preprocess.rs."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    red = x * 255 // width
    green = np.where((x // 5 + y // 7) % 3 == 0, 220, 30)
    # Far enough from black and white that no overshoot is clipped: Pillow sweeps rows first, fast_image_resize columns.
    blue = 64 + (x * x + y * y) // 11 % 128
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8))


def crop(image, size, filter):
    """torchvision's Resize(size) and CenterCrop(size)."""
    width, height = image.size
    short, long = min(width, height), max(width, height)
    resized = int(size * long / short)
    image = image.resize((size, resized) if width <= height else (resized, size), filter)
    left, top = int(round((image.width - size) / 2.0)), int(round((image.height - size) / 2.0))
    return image.crop((left, top, left + size, top + size))


def vectors(name):
    """A .npy of (case, 3, size, size) bytes; the cases stand in tests/encoder_preprocess.rs in this order."""
    size, sides = 24, [(100, 67), (67, 100), (64, 48), (24, 24), (13, 9), (240, 31)]
    rows = []
    for filter in (Image.BICUBIC, Image.BILINEAR):
        for width, height in sides:
            source = picture(width, height)
            rows.append(crop(source, size, filter))
            rows.append(source.resize((size, size), filter))
    np.save(HERE / name, np.stack([np.asarray(row).transpose(2, 0, 1) for row in rows]))


BUNDLE.mkdir(exist_ok=True)
weights = waves(3 * 4, WIDTH)
image("image.f32.onnx", weights)
# Stands for the quantised tower: nearly the same answers.
image("image.int8.onnx", (np.round(weights * 64) / 64).astype(np.float32))
text("text.f32.onnx")
tokenizer("tokenizer.json")
vectors("preprocess.npy")
