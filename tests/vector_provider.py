"""A provider of embeddings and of reranking, as OpenAI's and Jina's APIs speak, on a FakeProvider's port."""

import hashlib
import json

import numpy as np

from tests.fakes import Call, Reply


def vector_of(text: str, dimensions: int) -> list[float]:
    """A bag of words in so many places: texts that share words are near to each other."""
    vector = np.zeros(dimensions)
    for word in text.lower().replace(".", " ").split():
        vector[int(hashlib.sha256(word.encode()).hexdigest(), 16) % dimensions] += 1
    return vector.tolist()


def give_vectors(dimensions: int):
    """What answers a call for embeddings."""

    def answer(call: Call) -> Reply:
        data = [
            {"object": "embedding", "index": place, "embedding": vector_of(text, dimensions)}
            for place, text in enumerate(call.body["input"])
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        body = {"object": "list", "data": data, "model": call.model, "usage": usage}
        return Reply(body=json.dumps(body).encode())

    return answer


def give_order(wanted: str, **fields: object):
    """What answers a call for reranking: a text that holds the wanted words comes first."""

    def answer(call: Call) -> Reply:
        results = [
            {"index": place, "relevance_score": 0.9 if wanted in str(text) else 0.1 / (place + 1)}
            for place, text in enumerate(call.body["documents"])
        ]
        body = {"model": call.model, "results": results, "usage": {"total_tokens": 1}}
        return Reply(body=json.dumps(body).encode(), **fields)  # type: ignore[arg-type]

    return answer
