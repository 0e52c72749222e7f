"""A step of training in PyTorch, as `benches/step.rs` has it, once for each line that comes.

    python tools/parity/step.py pair|vit-b-32 BATCH SIDE LENGTH THREADS
"""

import resource
import sys

import torch
import transformers
from torch import nn

# Expansion, width, repeats and stride of each stage: table 2 of Sandler et al. 2018.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def conv(inputs, outputs, kernel, stride=1, groups=1, active=True):
    """With batch norm folded, as our trunk has it."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups)
    return nn.Sequential(layer, nn.ReLU6(inplace=True)) if active else layer


class Block(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        inner = inputs * expansion
        expand = [conv(inputs, inner, 1)] if expansion > 1 else []
        layers = [*expand, conv(inner, inner, 3, stride, inner), conv(inner, outputs, 1, active=False)]
        self.layers, self.adds = nn.Sequential(*layers), stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.adds else self.layers(x)


class Pair(nn.Module):
    """MobileNetV2 and all-MiniLM-L6-v2, with a projection behind each."""

    def __init__(self):
        super().__init__()
        blocks, inputs = [conv(3, 32, 3, 2)], 32
        for expansion, width, repeats, stride in STAGES:
            for repeat in range(repeats):
                blocks.append(Block(inputs, width, expansion, stride if repeat == 0 else 1))
                inputs = width
        self.vision = nn.Sequential(*blocks, conv(inputs, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        config = transformers.BertConfig(
            hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )
        self.language = transformers.BertModel(config, add_pooling_layer=False)
        self.image_head, self.text_head = nn.Linear(1280, 256), nn.Linear(384, 256)
        self.log_scale = nn.Parameter(torch.tensor(3.0))

    def forward(self, pixels, ids):
        words = self.language(input_ids=ids).last_hidden_state
        text = nn.functional.normalize(words.mean(1), dim=-1)
        return self.image_head(self.vision(pixels)), self.text_head(text), self.log_scale


class Clip(nn.Module):
    """ViT-B/32 with its text tower: transformers' own defaults."""

    def __init__(self):
        super().__init__()
        self.clip = transformers.CLIPModel(transformers.CLIPConfig())

    def forward(self, pixels, ids):
        out = self.clip(input_ids=ids, pixel_values=pixels)
        return out.image_embeds, out.text_embeds, self.clip.logit_scale


def main():
    name, batch, side, length, threads = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = (Pair() if name == "pair" else Clip()).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
    pixels = torch.rand(batch, 3, side, side) * 2 - 1
    ids = torch.randint(1000, 30_000, (batch, length))
    own = torch.arange(batch)
    print("ready", flush=True)
    for _ in sys.stdin:
        image, text, log_scale = model(pixels, ids)
        image, text = (nn.functional.normalize(x, dim=-1) for x in (image, text))
        logits = image @ text.T * log_scale.clamp(max=4.6052).exp()
        loss = (nn.functional.cross_entropy(logits, own) + nn.functional.cross_entropy(logits.T, own)) / 2
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        print(flush=True)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


main()
