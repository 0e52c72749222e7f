"""Makes the token ids and embeddings that the sentence encoder all-MiniLM-L6-v2 has by its published pipeline.

    tools/minilm.sh
    pip install transformers==4.52.4 'flax<0.11' jax safetensors
    python tests/data/minilm/make.py

Nothing here shares code with the program: the ids are those of the plain Python tokenizer of `transformers`, the network is its
BERT, and around both stands what the model's own `modules.json` asks for: at most 256 tokens, the mean over them, unit length.
"""

import json
import os
import pathlib
import tempfile

import numpy as np
from transformers import BertConfig, BertTokenizer, FlaxBertModel

HERE = pathlib.Path(__file__).parent
DATA = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share")
MODEL = DATA / "streetscape/minilm"

SENTENCES = [
    "",
    "stairs",
    "Zebra crossing ahead.",
    "A street view photograph of a residential street.",
    "a narrow sidewalk, blocked by two parked cars (one of them a van)",
    "The crossing is 4.5 m wide; the kerb, 12 cm high!",
    "Don't cross -- it's the tram-stop's north-west exit...",
    "WET LEAVES ON THE PAVEMENT",
    "  tabs\tand   spaces,\nand a line end ",
    "Un café à côté de l'église, très étroit",
    "Straße, Größe, ÄÖÜ, naïve façade, Łódź, Đà Nẵng",
    "e\u0301 is composed of two, \u00e9 is one",
    "横断歩道があります。",
    "人行道 is Chinese for pavement",
    "зебра на дороге",
    "안내 방송",
    "ممر المشاة",
    "a bicycle \U0001f6b2 and a \u2603, then \U0001f6b8\u200d\u2642\ufe0f",
    "zero\u200bwidth, soft\u00adhyphen, no\u00a0break, replaced \ufffd, bell \u0007, nul \u0000 end",
    "“quoted” – dashed — and … dotted, 50 € or £20 or ½",
    "[CLS] and [UNK] and [MASK] as words",
    "https://www.openstreetmap.org/way/123456789#map=19/52.5",
    "antidisestablishmentarianism kerbstonelayeringmachinery",
    "x" * 120,
    "The pavement goes on past a shop, a bench and a bin. " * 30,
]


def tokens():
    vocabulary = json.loads((MODEL / "tokenizer.json").read_text())["model"]["vocab"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n")
        file.flush()
        tokenizer = BertTokenizer(file.name, do_lower_case=True, model_max_length=512)
    return [tokenizer(text, truncation=True, max_length=256)["input_ids"] for text in SENTENCES]


def network():
    # The published config.json.
    config = BertConfig(
        vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
        hidden_act="gelu", max_position_embeddings=512, type_vocab_size=2, layer_norm_eps=1e-12,
    )
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        os.symlink(MODEL / "model.safetensors", pathlib.Path(folder) / "model.safetensors")
        return FlaxBertModel.from_pretrained(folder)


def embed(ids, model):
    rows = []
    for row in ids:
        hidden = np.asarray(model(np.array([row]), attention_mask=np.ones((1, len(row)), int)).last_hidden_state[0], np.float64)
        mean = hidden.mean(axis=0)
        rows.append(mean / np.linalg.norm(mean))
    return np.stack(rows).astype(np.float32)


ids = tokens()
lines = (json.dumps({"text": text, "ids": row}, ensure_ascii=True) for text, row in zip(SENTENCES, ids))
(HERE / "sentences.jsonl").write_text("".join(line + "\n" for line in lines))
np.save(HERE / "embeddings.npy", embed(ids, network()))
