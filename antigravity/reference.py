"""The page of the REST API: the guide, and every operation and shape out of the OpenAPI schema.

What it says is written where the schema comes from, in the views and serializers. It needs no script.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import get_lib_doc_excludes

from archive.caching import keep_public
from archive.conditions import ConditionalViews
from qa.lists import TaggedList

Schema = dict[str, Any]
PATHS = {"query": "", "path": "in the address", "header": "a header"}
DEFAULT = "default"  # any other status


@dataclass(frozen=True)
class Kind:
    """A type in words, around the shape that it leads to; an enumeration has `choices`."""

    words: str = ""
    shape: str = ""
    after: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a shape."""

    name: str
    kind: Kind
    description: str
    is_required: bool = False
    place: str = ""  # of a parameter, where it is none of the query


@dataclass(frozen=True)
class Reply:
    """What an operation answers with a status."""

    status: str
    description: str
    kind: Kind | None


@dataclass(frozen=True)
class Operation:
    """A method of an address; `body` is what it takes, where it takes one."""

    name: str
    group: str
    method: str
    path: str
    summary: str
    description: str
    needs_token: bool
    fields: tuple[Field, ...]
    body: Kind | None
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class Shape:
    """An object of the API, and what it is made of; an enumeration has `choices` instead of fields."""

    name: str
    description: str
    fields: tuple[Field, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """What the page has beside the guide."""

    operations: tuple[Operation, ...]
    shapes: tuple[Shape, ...]


def undocumented_classes() -> list[type]:
    """Bases of the API's views whose docstrings are for programmers, and tell its users nothing."""
    return [*get_lib_doc_excludes(), ConditionalViews, TaggedList]


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    context = {"reference": read_reference(), "canonical": reverse("api-docs")}
    return keep_public(render(request, "api.html", context))


@lru_cache(maxsize=1)
def read_reference() -> Reference:
    """The schema as the page shows it; it is that of the code, so one is enough for a process."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shapes = schema["components"]["schemas"]
    return Reference(tuple(_operations(schema)), tuple(_shape(name, shapes[name]) for name in sorted(shapes)))


def _operations(schema: Schema) -> Iterator[Operation]:
    for path, operations in schema["paths"].items():
        for method, found in operations.items():
            yield Operation(
                name=found["operationId"],
                group=found["tags"][0],
                method=method.upper(),
                path=path,
                summary=found.get("summary", ""),
                description=found.get("description", ""),
                needs_token={} not in found.get("security", [{}]),
                fields=tuple(_parameter(one) for one in found.get("parameters", [])),
                body=_content_kind(found.get("requestBody", {})),
                replies=tuple(_reply(*one) for one in found["responses"].items() if one[0] != DEFAULT),
            )


def _parameter(found: Schema) -> Field:
    return Field(
        name=found["name"],
        kind=_kind(found["schema"]),
        description=found.get("description", ""),
        is_required=found.get("required", False),
        place=PATHS[found["in"]],
    )


def _reply(status: str, found: Schema) -> Reply:
    return Reply(status, found.get("description", ""), _content_kind(found))


def _content_kind(found: Schema) -> Kind | None:
    contents = list(found.get("content", {}).values())
    return _kind(contents[0]["schema"]) if contents else None


def _shape(name: str, found: Schema) -> Shape:
    required = found.get("required", [])
    fields = [
        Field(key, _kind(one), one.get("description", ""), is_required=key in required)
        for key, one in found.get("properties", {}).items()
    ]
    return Shape(name, found.get("description", ""), tuple(fields), _choices(found))


def _kind(found: Schema) -> Kind:
    if "$ref" in found:
        return Kind(shape=found["$ref"].rpartition("/")[2])
    if several := found.get("allOf") or found.get("oneOf"):
        return replace(_kind(several[0]), after="or null" if {"type": "null"} in several else "")
    if found.get("type") == "array":
        inner = _kind(found["items"])
        return replace(inner, words=f"list of {inner.words}")
    types = found.get("type", "any")
    words = types if isinstance(types, str) else " or ".join(types)
    return Kind(f"{words} ({found['format']})" if "format" in found else words, choices=_choices(found))


def _choices(found: Schema) -> tuple[str, ...]:
    return tuple(str(choice) for choice in found.get("enum", []) if choice not in (None, ""))
