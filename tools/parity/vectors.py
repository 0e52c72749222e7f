"""Makes what CLIP here is held against, with the reference implementations: transformers, open_clip and PyTorch.

    python tools/parity/vectors.py tests/parity            # small networks, committed
    python tools/parity/vectors.py --full .cache/parity    # ViT-B/32, for `make parity`

Each folder is a checkpoint as its reference saves it, of random weights, with `vectors.safetensors` beside: pixels and token ids, what the
reference makes of them, every parameter's gradient (`grad/`), and the weights after ten steps (`after/`). `tokens.json` holds texts with
their ids, `pictures.npy` what CLIPImageProcessor makes of pictures drawn by formula.
"""

import argparse
import itertools
import json
import math
import pathlib
import shutil

import numpy as np
import open_clip
import torch
import transformers
from open_clip.transform import PreprocessCfg, image_transform_v2
from open_clip_train.scheduler import cosine_lr
from PIL import Image
from safetensors.numpy import save_file
from tokenizers import pre_tokenizers

# What `tests/parity/` must say too.
STEPS, WARM_UP, RATE, DECAY, BETAS, EPSILON = 10, 3, 1e-3, 0.2, (0.9, 0.98), 1e-6
BATCH = 4
# The small networks' gradients begin above and end below this, so that a step is seen either way.
SMALL_CLIP, CLIP = 30.0, 1.0
TEXTS = (
    "a zebra crossing ahead",
    "stairs",
    "two cyclists cross the street at night, and one of them rings a bell that nobody hears",
    "Rain; 3 cars by the kerb!",
    "a bench under a tree",
    "the park",
    "people wait at the crossing",
    "snow on the steps by day",
)
SIZES = ((100, 67), (67, 100), (64, 48), (24, 24), (240, 31))


def picture(width, height):
    """The same as in `tests/encoder_preprocess.rs`."""
    y, x = np.mgrid[:height, :width]
    green = np.where((x // 5 + y // 7) % 3 == 0, 220, 30)
    return Image.fromarray(np.stack([x * 255 // width, green, 64 + (x * x + y * y) // 11 % 128], -1).astype(np.uint8))


def small_vocabulary():
    """Signs, and some words that join from the left."""
    signs = "abcdefghijklmnopqrstuvwxyz0123456789.,;!"
    vocabulary = [*signs, *(sign + "</w>" for sign in signs)]
    merges = []
    for word in ("a", "the", "at", "stairs", "street", "crossing", "zebra", "night", "snow"):
        signs = [*word[:-1], word[-1] + "</w>"]
        for end in range(2, len(signs) + 1):
            whole = "".join(signs[:end])
            if whole not in vocabulary:
                merges.append(("".join(signs[: end - 1]), signs[end - 1]))
                vocabulary.append(whole)
    return {word: i for i, word in enumerate(vocabulary)}, merges


def whole_vocabulary():
    """As many as CLIP's: bytes, and short strings of letters, of which none is a word by design."""
    letters = [chr(ord("a") + i) for i in range(26)]
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = signs + [sign + "</w>" for sign in signs]
    merges = []
    for length in itertools.count(2):
        for word in itertools.product(letters, repeat=length):
            for end in ("", "</w>"):
                if len(vocabulary) == 49406:
                    return {word: i for i, word in enumerate(vocabulary)}, merges
                merges.append(("".join(word[:-1]), word[-1] + end))
                vocabulary.append("".join(word) + end)


def checkpoint(folder, config, vocabulary, merges, size, seed=7):
    """A model of random weights, none of them at a value that hides a mistake, with its tokenizer and image processor."""
    words = dict(vocabulary)
    for special in ("<|startoftext|>", "<|endoftext|>"):
        words[special] = len(words)
    if config.text_config.eos_token_id != 2:
        config.text_config.bos_token_id, config.text_config.eos_token_id = len(words) - 2, len(words) - 1
    config.text_config.vocab_size = len(words)
    model = transformers.CLIPModel(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in model.named_parameters():
            noise = torch.randn(value.shape, generator=generator)
            if value.ndim >= 2:
                # Small where a norm follows, so that its epsilon counts.
                value.copy_(noise * (0.02 if "embedding" in name else value[0].numel() ** -0.5))
            elif value.ndim == 1:
                value.copy_(noise * 0.1 + ("norm" in name or "layrnorm" in name) * name.endswith("weight"))
    model.save_pretrained(folder)
    tokenizer = transformers.CLIPTokenizer(vocab=words, merges=merges, model_max_length=config.text_config.max_position_embeddings)
    tokenizer.save_pretrained(folder)
    processor = transformers.CLIPImageProcessorPil(
        size={"shortest_edge": size}, crop_size={"height": size, "width": size}, resample=Image.Resampling.BICUBIC
    )
    processor.save_pretrained(folder)
    return model, tokenizer, processor


def batches(pixels, ids):
    """One half after the other."""
    halves = [slice(0, BATCH), slice(BATCH, 2 * BATCH)]
    return [(pixels[half], ids[half]) for half in itertools.islice(itertools.cycle(halves), STEPS)]


def logits(model, pixels, ids):
    return model(input_ids=ids, pixel_values=pixels).logits_per_image


def contrastive(logits):
    """As CLIP's paper writes it, figure 3; held against open_clip's own where that runs."""
    labels = torch.arange(len(logits))
    cross = torch.nn.functional.cross_entropy
    return (cross(logits, labels) + cross(logits.T, labels)) / 2


def train(model, pixels, ids, clip):
    """Ten steps of PyTorch's AdamW as open_clip's trainer groups and schedules it."""
    named = list(model.named_parameters())
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for _, p in named if p.ndim < 2], "weight_decay": 0.0},
            {"params": [p for _, p in named if p.ndim >= 2], "weight_decay": DECAY},
        ],
        lr=RATE,
        betas=BETAS,
        eps=EPSILON,
    )
    schedule = cosine_lr(optimiser, RATE, WARM_UP, STEPS)
    norms = []
    for step, (photos, texts) in enumerate(batches(pixels, ids)):
        schedule(step)
        optimiser.zero_grad()
        contrastive(logits(model, photos, texts)).backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), clip)))
        optimiser.step()
    print("  gradient norms:", " ".join(f"{norm:.3f}" for norm in norms))


def array(tensor):
    return tensor.detach().float().contiguous().numpy().copy()


def embeddings(model, pixels, ids):
    pick = lambda output: output if torch.is_tensor(output) else output.pooler_output
    return pick(model.get_image_features(pixel_values=pixels)), pick(model.get_text_features(input_ids=ids))


def vectors(folder, model, tokenizer, processor, clip):
    """Everything that the reference computes."""
    context = model.config.text_config.max_position_embeddings
    pictures = [picture(width, height) for width, height in SIZES]
    seen = processor(pictures, return_tensors="pt")["pixel_values"]
    np.save(folder / "pictures.npy", array(seen))
    # Photos enough for two batches: noise is what no photo looks like, and hides nothing.
    generator = torch.Generator().manual_seed(11)
    pixels = torch.randn((2 * BATCH, *seen.shape[1:]), generator=generator)
    encoded = tokenizer(list(TEXTS), truncation=True, max_length=context)["input_ids"]
    tokens = [{"text": text, "ids": ids} for text, ids in zip(TEXTS, encoded)]
    (folder / "tokens.json").write_text(json.dumps(tokens, indent=1) + "\n")
    ids = tokenizer(list(TEXTS), truncation=True, max_length=context, padding=True, return_tensors="pt")["input_ids"]

    tensors = {"pixels": array(pixels)}
    image, text = embeddings(model, pixels, ids)
    tensors |= {"image_embeds": array(image), "text_embeds": array(text), "logits": array(logits(model, pixels, ids))}
    loss = contrastive(logits(model, pixels[:BATCH], ids[:BATCH]))
    loss.backward()
    tensors["loss"] = array(loss.reshape(1))
    tensors |= {f"grad/{name}": array(p.grad) for name, p in model.named_parameters()}
    train(model, pixels, ids, clip)
    tensors["clip"] = np.array([clip], np.float32)
    tensors |= {f"after/{name}": array(p) for name, p in model.named_parameters()}
    save_file(tensors, folder / "vectors.safetensors")
    readable(folder)


def blocks(width, layers, heads, activation, epsilon):
    return {
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "hidden_act": activation,
        "layer_norm_eps": epsilon,
    }


def small(folder, seed, activations, epsilon, end):
    """Two blocks in each tower, and a context that the longest text overflows."""
    config = transformers.CLIPConfig(
        projection_dim=12,
        vision_config=blocks(16, 2, 2, activations[0], epsilon) | {"image_size": 24, "patch_size": 8},
        text_config=blocks(12, 2, 3, activations[1], epsilon) | {"max_position_embeddings": 16, "eos_token_id": end},
    )
    vocabulary, merges = small_vocabulary()
    vectors(folder, *checkpoint(folder, config, vocabulary, merges, 24, seed), SMALL_CLIP)


def of_open_clip(folder, tokenizer_folder):
    """open_clip's own network under its own names, with its own loss."""
    torch.manual_seed(5)
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(tokenizer_folder / "tokenizer.json"))
    shape = {
        "embed_dim": 12,
        "vision_cfg": {"image_size": 24, "layers": 2, "width": 16, "head_width": 8, "patch_size": 8},
        "text_cfg": {"context_length": 16, "vocab_size": len(tokenizer), "width": 12, "heads": 3, "layers": 2},
    }
    model = open_clip.CLIP(**shape).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim == 1:
                value.add_(torch.randn(value.shape) * 0.1)
    save_file({name: array(p) for name, p in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    pictures = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.3, 0.25), "interpolation": "bicubic", "resize_mode": "shortest"}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": shape, "preprocess_cfg": pictures}, indent=1) + "\n")
    shutil.copy(tokenizer_folder / "tokenizer.json", folder)
    transform = image_transform_v2(PreprocessCfg(size=24, **pictures), is_train=False)
    np.save(folder / "pictures.npy", array(torch.stack([transform(picture(*size)) for size in SIZES])))
    pixels = torch.randn((2 * BATCH, 3, 24, 24))
    encoded = json.loads((tokenizer_folder / "tokens.json").read_text())
    (folder / "tokens.json").write_text(json.dumps(encoded, indent=1) + "\n")
    ids = torch.zeros((len(encoded), 16), dtype=torch.long)
    for row, text in enumerate(encoded):
        ids[row, : len(text["ids"])] = torch.tensor(text["ids"])
    image, text = model.encode_image(pixels), model.encode_text(ids)
    unit = lambda rows: rows / rows.norm(dim=-1, keepdim=True)
    scale = model.logit_scale.exp()
    loss = open_clip.ClipLoss()(unit(image[:BATCH]), unit(text[:BATCH]), scale)
    tensors = {"pixels": pixels, "image_embeds": image, "text_embeds": text, "loss": loss.reshape(1)}
    tensors["logits"] = scale * unit(image) @ unit(text).T
    own = contrastive(tensors["logits"][:BATCH, :BATCH])
    assert math.isclose(own.item(), loss.item(), rel_tol=1e-5), "open_clip's loss is the one written here"
    save_file({name: array(tensor) for name, tensor in tensors.items()}, folder / "vectors.safetensors")
    readable(folder)


def readable(folder):
    """safetensors leaves its files to their owner alone."""
    for path in folder.iterdir():
        path.chmod(0o644)


def fresh(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    print(path)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--full", action="store_true", help="ViT-B/32 instead of the small networks")
    args = parser.parse_args()
    torch.use_deterministic_algorithms(True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()

    if args.full:
        folder = fresh(args.out / "vit-b-32")
        vectors(folder, *checkpoint(folder, transformers.CLIPConfig(), *whole_vocabulary(), 224), CLIP)
        return
    small(fresh(args.out / "quick-gelu"), 1, ("quick_gelu", "quick_gelu"), 1e-5, None)
    small(fresh(args.out / "gelu"), 2, ("gelu", "gelu"), 1e-6, None)
    small(fresh(args.out / "highest-id"), 3, ("gelu", "quick_gelu"), 1e-5, 2)
    of_open_clip(fresh(args.out / "open-clip"), args.out / "gelu")


if __name__ == "__main__":
    main()
