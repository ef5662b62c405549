"""What each provider's API answers, as its reference documents it and its servers send it, November 2026.

`shape` picks the API by the address that was called. The fields that nobody here reads stand in the bodies
too: a client that stumbles over them would stumble in production.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

USAGE = (2_000, 500)  # tokens in and out of every reply that doesn't say otherwise


@dataclass(frozen=True)
class Reply:
    """What one call gets. Without `body` the text stands in the JSON of whichever API was called."""

    text: str | None = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    finish: str = "stop"  # in OpenAI's words: stop, length, content_filter, tool_calls
    usage: tuple[int, int] | None = USAGE
    has_choices: bool = True
    refusal: str | None = None
    reasoning: str | None = None  # what a thinking model thought aloud
    tool_call: str | None = None  # the name of a tool that the model calls instead of answering
    body: bytes | None = None
    content_type: str = "application/json"
    delay: float = 0.0  # seconds before the first byte
    drip: float = 0.0  # seconds between bytes
    cut_at: int | None = None  # bytes of the body after which the connection ends
    says_length: bool = True  # else the end of the connection is the only end of the body


@dataclass(frozen=True)
class Call:
    """One call as it came in."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float
    port: int  # of whoever called

    @property
    def model(self) -> str:
        """Gemini's API has it in the address."""
        return str(self.body.get("model") or self.path.rpartition("/")[2].partition(":")[0])

    @property
    def prompt(self) -> str:
        """All text that the model was given."""
        if "contents" in self.body:
            blocks = [self.body.get("system_instruction", {"parts": []}), *self.body["contents"]]
            return "\n".join(plain_text(block["parts"]) for block in blocks)
        parts = [self.body.get("system", ""), *(message["content"] for message in self.body["messages"])]
        return "\n".join(plain_text(part) for part in parts)


def plain_text(content: str | list[dict[str, Any]]) -> str:
    """A message's content, which Anthropic's and Google's APIs take as a list of blocks too."""
    return content if isinstance(content, str) else "\n".join(block["text"] for block in content)


def shape(reply: Reply, call: Call) -> bytes:
    """The body of a reply, as the API that was called has it."""
    if reply.body is not None:
        return reply.body
    good, bad = api_of(call)
    return json.dumps(good(reply, call) if reply.status == 200 else bad(reply)).encode()


Maker = Callable[[Reply, Call], dict[str, Any]]


def api_of(call: Call) -> tuple[Maker, Callable[[Reply], dict[str, Any]]]:
    """Who makes the bodies of good replies and of errors."""
    if call.path.endswith("/messages"):
        return anthropic_body, anthropic_error
    if ":generateContent" in call.path:
        return gemini_body, gemini_error
    if call.path.endswith("/api/chat"):
        return ollama_body, lambda reply: {"error": reply.text or "no"}
    return openai_body, openai_error


def openai_body(reply: Reply, call: Call) -> dict[str, Any]:
    """OpenAI's, which Mistral, vLLM and llama.cpp speak too."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    message |= {"annotations": []}
    if reply.reasoning is not None:
        message["reasoning_content"] = reply.reasoning  # vLLM's and llama.cpp's
    if reply.tool_call:
        function = {"name": reply.tool_call, "arguments": '{"query": "qubits"}'}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish}
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": f"{call.model}-2026-11-01",
        "choices": [choice] if reply.has_choices else [],
        "service_tier": "default",
        "system_fingerprint": None,
    }
    if reply.usage:
        tokens_in, tokens_out = reply.usage
        body["usage"] = {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }
    return body


def openai_error(reply: Reply) -> dict[str, Any]:
    kind = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
    error = {"type": kind.get(reply.status, "api_error"), "message": reply.text or "no", "code": None}
    return {"error": error | {"param": None}}


def anthropic_body(reply: Reply, call: Call) -> dict[str, Any]:
    """Anthropic's Messages API. Where the request forces a tool, the answer is that tool's input."""
    content: list[dict[str, Any]] = []
    if reply.reasoning is not None:
        content.append({"type": "thinking", "thinking": reply.reasoning, "signature": "c2ln"})
    forced = (call.body.get("tool_choice") or {}).get("name")
    if forced and reply.text and reply.finish == "stop":
        content.append({"type": "tool_use", "id": "toolu_1", "name": forced, "input": as_input(reply.text)})
    elif reply.text is not None:
        content.append({"type": "text", "text": reply.text})
    if reply.tool_call:
        content.append(
            {"type": "tool_use", "id": "toolu_2", "name": reply.tool_call, "input": {"query": "q"}}
        )
    stops = {
        "stop": "end_turn",
        "length": "max_tokens",
        "content_filter": "refusal",
        "tool_calls": "tool_use",
    }
    body: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": f"{call.model}-20261101",
        "content": content if reply.has_choices else [],
        "stop_reason": "tool_use"
        if forced and reply.finish == "stop"
        else stops.get(reply.finish, "tool_use"),
        "stop_sequence": None,
    }
    if reply.usage:
        cached = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        body["usage"] = {"input_tokens": reply.usage[0], "output_tokens": reply.usage[1], **cached}
    return body


def as_input(text: str) -> Any:
    """A tool's input is JSON already parsed; a model that wrote none can't have filled it in."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def anthropic_error(reply: Reply) -> dict[str, Any]:
    kinds = {
        401: "authentication_error",
        404: "not_found_error",
        429: "rate_limit_error",
        529: "overloaded_error",
    }
    error = {"type": kinds.get(reply.status, "api_error"), "message": reply.text or "no"}
    return {"type": "error", "error": error, "request_id": "req_1"}


def gemini_body(reply: Reply, call: Call) -> dict[str, Any]:
    """Google's generateContent. What is blocked has no candidates, and what is cut may have no parts."""
    parts: list[dict[str, Any]] = []
    if reply.reasoning is not None:
        parts.append({"text": reply.reasoning, "thought": True})
    if reply.text:
        parts.append({"text": reply.text})
    if reply.tool_call:
        parts.append({"functionCall": {"name": reply.tool_call, "args": {"query": "qubits"}}})
    finish = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY", "tool_calls": "STOP"}
    content = {"role": "model"} | ({"parts": parts} if parts else {})
    body: dict[str, Any] = {"modelVersion": f"{call.model}-002", "responseId": "r-1"}
    if reply.has_choices:
        body["candidates"] = [{"content": content, "finishReason": finish[reply.finish], "index": 0}]
    else:
        body["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}
    if reply.usage:
        tokens_in, tokens_out = reply.usage
        thoughts = tokens_out // 5 if reply.reasoning is not None else 0
        body["usageMetadata"] = {
            "promptTokenCount": tokens_in,
            "candidatesTokenCount": tokens_out - thoughts,
            "thoughtsTokenCount": thoughts,
            "totalTokenCount": tokens_in + tokens_out,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens_in}],
        }
    return body


def gemini_error(reply: Reply) -> dict[str, Any]:
    """How long to wait stands in the body: Google's API sends no Retry-After."""
    names = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
    error: dict[str, Any] = {"code": reply.status, "message": reply.text or "no"}
    error["status"] = names.get(reply.status, "UNAVAILABLE")
    if reply.status == 429:
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}
        error["details"] = [info]
    return {"error": error}


def ollama_body(reply: Reply, call: Call) -> dict[str, Any]:
    """Ollama's own chat API, whose counts of tokens stand at the top."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or ""}
    if reply.reasoning is not None:
        message["thinking"] = reply.reasoning
    if reply.tool_call:
        function = {"name": reply.tool_call, "arguments": {"query": "qubits"}}
        message["tool_calls"] = [{"function": function}]
    body: dict[str, Any] = {
        "model": f"{call.model}",
        "created_at": "2026-11-01T09:00:00.123456Z",
        "message": message,
        "done": True,
        "done_reason": reply.finish if reply.finish in ("stop", "length") else "stop",
        "total_duration": 5_043_500_667,
        "load_duration": 5_025_959,
        "prompt_eval_duration": 325_953_000,
        "eval_duration": 4_709_213_000,
    }
    if reply.usage:
        body |= {"prompt_eval_count": reply.usage[0], "eval_count": reply.usage[1]}
    return body
