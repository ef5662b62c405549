"""The WSGI entry point that gunicorn serves."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")
os.environ["IS_WEB_PROCESS"] = "true"  # keeps litellm out of here

EVERY_BYTE = bytes(range(256))


def is_text_charset(name: str) -> bool:
    """Whether Python can read anything at all in this charset: it also knows zlib, rot13 and undefined."""
    try:
        EVERY_BYTE.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        return False
    return True


def with_known_charset(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Takes the charset out of a Content-Type where it is none: Django would fail before its own handlers."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        media_type, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
        if "charset" in parameters and not is_text_charset(parameters["charset"]):
            environ["CONTENT_TYPE"] = media_type
        return application(environ, start_response)

    return answer


application = with_known_charset(get_wsgi_application())
