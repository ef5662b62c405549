"""Gateway: texts -> vectors, and texts -> their order for a question.

`EMBEDDING_MODEL` names what makes vectors: `local/all-MiniLM-L6-v2`, which runs in every process, or any of
LiteLLM's embedding models, which workers ask, web processes through them. `RERANK_MODEL` names a reranker of
LiteLLM's, which workers alone ask.
"""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import onnxruntime
import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerError
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
ANSWER_KEPT_SECONDS = 10  # in Valkey, where nobody fetches it any more
RERANK_SECONDS = 3.0


Given = TypeVar("Given")


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
    return WorkerEmbedder(model) if settings.IS_WEB_PROCESS else load_hosted(model)


@lru_cache(maxsize=4)
def load_hosted(model: str) -> "HostedEmbedder":
    """A hosted model's embedder, which costs a call to begin with."""
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
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # as many processes as cores, not threads in each
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # 130 MB instead of 520 MB
        try:
            self.tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            self.session = onnxruntime.InferenceSession(
                str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise errors of their own, derived from nothing else
            raise EmbedderUnavailable(
                f"The embedding model in {folder} can't be read ({error}): delete the folder and run "
                "manage.py prepare_embedding_model"
            ) from error
        self.tokenizer.enable_truncation(MAX_TOKENS)
        self.tokenizer.no_padding()

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
        import litellm  # noqa: F401 -- 3 s and 165 MB: only processes that ask a hosted model pay for it

        try:
            vectors = within(HOSTED_TIMEOUT_SECONDS, lambda: self.ask_once(texts))
        except Exception as error:  # providers' libraries raise what they like
            raise EmbedderUnavailable(
                f"{self.model} gave no vectors: {type(error).__name__}: {error}"
            ) from error
        self.check(vectors, len(texts))
        return vectors

    def ask_once(self, texts: Sequence[str]) -> np.ndarray:
        import litellm

        # its embedding() takes max_retries=0 as not given, and calls three times
        litellm.DEFAULT_MAX_RETRIES = 0  # type: ignore[attr-defined]
        response = litellm.embedding(
            model=self.model,
            input=[text[:MAX_CHARACTERS] for text in texts],
            timeout=HOSTED_TIMEOUT_SECONDS,
            max_retries=0,
            **address(settings.EMBEDDING_API_BASE),
        )
        ordered = sorted(response.data, key=lambda item: item["index"])
        return np.array([item["embedding"] for item in ordered], dtype=np.float32)

    def check(self, vectors: np.ndarray, count: int) -> None:
        if vectors.ndim != 2 or len(vectors) != count or not np.isfinite(vectors).all():
            raise EmbedderUnavailable(
                f"{self.model} answered {count} texts with vectors of shape {vectors.shape}"
            )
        if self.dimensions and vectors.shape[1] != self.dimensions:
            raise EmbedderUnavailable(
                f"{self.model} answered with {vectors.shape[1]} dimensions after {self.dimensions} before"
            )


class WorkerEmbedder:
    """A hosted model as a web process has it: a worker asks it, and the web process waits 0.3 s at most."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.dimensions = 0  # not known before the first answer

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        seconds = settings.EMBEDDING_WAIT_SECONDS
        give_up = time.monotonic() + seconds
        key = f"embedding:{secrets.token_hex(16)}"
        try:
            valkey().ping()  # Celery itself would wait longer for a broker that is away
            current_app.send_task(
                "archive.tasks.embed_query", args=[key, self.model, list(texts)], expires=5, retry=False
            )
            found = valkey().blpop([key], timeout=max(give_up - time.monotonic(), 0.01))
        except (redis.RedisError, OSError, BrokerError) as error:
            raise EmbedderUnavailable(f"{self.model} can't be asked: {type(error).__name__}") from error
        if found is None:
            raise EmbedderUnavailable(f"No worker had a vector of {self.model} within {seconds} s")
        answer = json.loads(found[1])
        if "error" in answer:
            raise EmbedderUnavailable(answer["error"])
        vectors = np.array(answer["vectors"], dtype=np.float32)
        self.dimensions = vectors.shape[1]
        return vectors


def answer_web(key: str, model: str, texts: Sequence[str]) -> None:
    """In a worker: what a WorkerEmbedder waits for under a key."""
    try:
        vectors = load_hosted(model).embed(texts)
        answer: dict[str, Any] = {
            "vectors": [[round(float(value), 6) for value in vector] for vector in vectors]
        }
    except EmbedderUnavailable as error:
        answer = {"error": str(error)}
    valkey().rpush(key, json.dumps(answer))
    valkey().expire(key, ANSWER_KEPT_SECONDS)


@lru_cache(maxsize=1)
def valkey() -> "redis.Redis":
    """The broker's server, for what web processes and workers tell each other."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=settings.EMBEDDING_WAIT_SECONDS + 1, socket_connect_timeout=0.3
    )


def address(base: str) -> dict[str, Any]:
    """Where LiteLLM is to ask, if not at the provider's usual address."""
    return {"api_base": base} if base else {}


class RerankerUnavailable(Exception):
    """The reranker gave no usable order in time."""


def rerank(question: str, texts: Sequence[str]) -> list[float]:
    """How much each text bears on a question, by RERANK_MODEL: only the order means something.

    Raises RerankerUnavailable after three seconds, however the provider behaves.
    """
    import litellm  # noqa: F401 -- 3 s and 165 MB, which only a worker's first question waits for

    try:
        return within(RERANK_SECONDS, lambda: ask_reranker(question, texts))
    except Exception as error:  # providers' libraries raise what they like
        reason = f"{settings.RERANK_MODEL} gave no order: {type(error).__name__}: {error}"
        raise RerankerUnavailable(reason) from error


def within(seconds: float, ask: Callable[[], Given]) -> Given:
    """What a call gives, or TimeoutError: a library's own time limit begins anew with every byte."""
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        return pool.submit(ask).result(timeout=seconds)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def ask_reranker(question: str, texts: Sequence[str]) -> list[float]:
    """One call; every text must come back with a finite number."""
    import litellm

    response = litellm.rerank(
        model=settings.RERANK_MODEL,
        query=question,
        documents=[text[:MAX_CHARACTERS] for text in texts],
        top_n=len(texts),
        return_documents=False,
        timeout=RERANK_SECONDS,
        max_retries=0,
        **address(settings.RERANK_API_BASE),
    )
    scores = {int(result["index"]): float(result["relevance_score"]) for result in response.results}
    ordered = [scores[place] for place in range(len(texts))]
    if not np.isfinite(ordered).all():
        raise ValueError("a score is no number")
    return ordered


def normalise(vectors: np.ndarray) -> np.ndarray:
    """The vectors at length 1, so that a dot product is a cosine. A vector of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
