"""Gateway: texts -> vectors. The local model runs in every process; a hosted one is asked by workers only.

`EMBEDDING_MODEL` names it: `local/all-MiniLM-L6-v2`, or any of LiteLLM's embedding models.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from django.conf import settings
from tokenizers import Tokenizer

LOCAL_PREFIX = "local/"
LOCAL_MODELS = {"local/all-MiniLM-L6-v2": 384}
MAX_TOKENS = 256  # what all-MiniLM-L6-v2 was trained to read; the tokenizer's own file would cut at 128
MAX_CHARACTERS = 20_000  # far beyond 256 tokens: no text makes the tokenizer work for long
MODEL_FILE = "model.int8.onnx"
TOKENIZER_FILE = "tokenizer.json"
RECIPE_FILE = "recipe.json"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
RECIPE = {"weights": WEIGHTS_SHA256, "recipe": "1"}  # a model made by another recipe is made anew
HOSTED_TIMEOUT_SECONDS = 30.0
HOSTED_BATCH = 64


class EmbedderUnavailable(Exception):
    """No vectors can be had now; the message says why, in words for the people who run the site."""


class Embedder(Protocol):
    """What turns texts into vectors of one model."""

    model: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of the texts, float32 [n, dimensions], of length 1. Raises EmbedderUnavailable."""
        ...


def get_embedder() -> Embedder:
    """The configured model's embedder, loaded once in a process. Raises EmbedderUnavailable."""
    return load_embedder(settings.EMBEDDING_MODEL)


@lru_cache(maxsize=4)
def load_embedder(model: str) -> Embedder:
    """An embedder by its model's name. Raises EmbedderUnavailable; failures are not remembered."""
    if model in LOCAL_MODELS:
        return LocalEmbedder(model, local_folder(model))
    if model.startswith(LOCAL_PREFIX):
        raise EmbedderUnavailable(
            f"There is no local embedding model {model}; there is {', '.join(LOCAL_MODELS)}"
        )
    if settings.IS_WEB_PROCESS:
        raise EmbedderUnavailable(f"{model} is a hosted embedding model, which only workers ask")
    return HostedEmbedder(model)


def local_folder(model: str) -> Path:
    """Where `manage.py prepare_embedding_model` keeps a local model."""
    return settings.MODEL_DIR / model.removeprefix(LOCAL_PREFIX)


def is_prepared(folder: Path) -> bool:
    """Whether a folder holds the local model, whole and made by the present recipe (archive/minilm.py)."""
    try:
        made_by = json.loads((folder / RECIPE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return made_by == RECIPE and all((folder / name).is_file() for name in (MODEL_FILE, TOKENIZER_FILE))


class LocalEmbedder:
    """all-MiniLM-L6-v2 in onnxruntime: about 130 MB, 3 ms a question, 50 abstracts a second on one core."""

    def __init__(self, model: str, folder: Path) -> None:
        if not is_prepared(folder):
            raise EmbedderUnavailable(
                "The embedding model is not prepared: run manage.py prepare_embedding_model"
            )
        self.model = model
        self.dimensions = LOCAL_MODELS[model]
        self.tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # as many processes as cores, not threads in each
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # 130 MB instead of 520 MB
        self.session = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One text at a time: without padding that is faster on a processor than any batch."""
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            tokens = np.array([self.tokenizer.encode(text[:MAX_CHARACTERS]).ids], dtype=np.int64)
            states = self.session.run(None, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})[0]
            vectors[row] = states[0].mean(axis=0)
        return normalise(vectors)


class HostedEmbedder:
    """An embedding model behind LiteLLM. Its first answer tells its dimensions, which must stay the same."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.dimensions = 0
        self.dimensions = self.embed(["dimensions"]).shape[1]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """In batches of 64, each with a time limit and without retries: the caller tries again later."""
        batches = [
            self.ask(texts[start : start + HOSTED_BATCH]) for start in range(0, len(texts), HOSTED_BATCH)
        ]
        if not batches:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return normalise(np.vstack(batches))

    def ask(self, texts: Sequence[str]) -> np.ndarray:
        import litellm  # 3 s and 165 MB: only processes that ask a hosted model pay for it

        try:
            response = litellm.embedding(
                model=self.model,
                input=[text[:MAX_CHARACTERS] for text in texts],
                timeout=HOSTED_TIMEOUT_SECONDS,
                max_retries=0,
            )
            ordered = sorted(response.data, key=lambda item: item["index"])
            vectors = np.array([item["embedding"] for item in ordered], dtype=np.float32)
        except Exception as error:  # providers' libraries raise what they like
            raise EmbedderUnavailable(
                f"{self.model} gave no vectors: {type(error).__name__}: {error}"
            ) from error
        self.check(vectors, len(texts))
        return vectors

    def check(self, vectors: np.ndarray, count: int) -> None:
        if vectors.ndim != 2 or len(vectors) != count or not np.isfinite(vectors).all():
            raise EmbedderUnavailable(
                f"{self.model} answered {count} texts with vectors of shape {vectors.shape}"
            )
        if self.dimensions and vectors.shape[1] != self.dimensions:
            raise EmbedderUnavailable(
                f"{self.model} answered with {vectors.shape[1]} dimensions after {self.dimensions} before"
            )


def normalise(vectors: np.ndarray) -> np.ndarray:
    """The vectors at length 1, so that a dot product is a cosine. A vector of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
