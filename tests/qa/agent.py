"""What an agent sends to /mcp: single JSON-RPC messages, and whole sessions by the SDK's own client."""

import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
from django.test import Client
from mcp import Client as AgentClient
from mcp.types import CallToolResult

ACCEPT = "application/json, text/event-stream"


def post(client: Client, body: str | bytes | dict[str, Any], **headers: str):
    """POSTs one message as it stands."""
    content = json.dumps(body) if isinstance(body, dict) else body
    return client.post(
        "/mcp", content, content_type="application/json", headers={"Accept": ACCEPT, **headers}
    )


def send(client: Client, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """Sends a request and returns the JSON-RPC message that answers it."""
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params or {}}
    response = post(client, message)
    assert response.status_code == 200, response.content
    answer = response.json()
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
    return answer


def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Calls a tool and returns its result."""
    return send(client, "tools/call", {"name": tool, "arguments": arguments})["result"]


def use(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Calls a tool that does what it is asked; returns the structured content."""
    result = call(client, tool, **arguments)
    assert not result.get("isError"), result
    return result["structuredContent"]


def fault(client: Client, tool: str, **arguments: Any) -> str:
    """Calls a tool that cannot do what it is asked; returns its words."""
    result = call(client, tool, **arguments)
    assert result["isError"] is True
    assert "structuredContent" not in result
    return result["content"][0]["text"]


def as_agent(url: str, session: Callable[[AgentClient], Awaitable[Any]], *, mode: str = "auto") -> Any:
    """Runs a session of the SDK's client, in a thread of its own."""

    async def whole() -> Any:
        async with AgentClient(f"{url}/mcp", mode=mode) as client:
            return await session(client)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, whole).result()


def data_of(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content
