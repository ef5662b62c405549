"""Tokens of the API: made once, found by their digest, revoked. The only room that sees one in clear.

A token has 256 random bits, so a plain SHA-256 hides it as well as a slow hash would. It is looked up by
that digest in a unique index: how long a look-up takes says nothing about a stored token, because nobody can
choose what a digest begins with. Nothing here writes to the log.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any, cast

from django.utils import timezone
from rest_framework.request import Request

from qa.models import Token
from qa.quotas import asker_key

PREFIX = "ag_"
RANDOM_BYTES = 32
SHAPE = re.compile(r"ag_[A-Za-z0-9_-]{43}")  # the 32 bytes in base64url
SHOWN_CHARACTERS = len(PREFIX) + 6  # of a token in admin: 220 of its bits stay unknown


class TokenRefused(Exception):
    """The token is unknown, revoked or expired, or it belongs to an account that is closed."""

    message = "This token is unknown, revoked or expired."


class ScopeMissing(Exception):
    """The token is good, but not for this: `scope` is what it lacks."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.message = f"This token lacks the scope “{scope}”."
        super().__init__(self.message)


def equip_token(token: Token) -> None:
    """Gives a new row its token: `secret` has it until the request is over, the row its digest."""
    token.secret = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    token.begins = token.secret[:SHOWN_CHARACTERS]
    token.digest = digest_of(token.secret)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def find_token(meta: Mapping[str, Any]) -> Token | None:
    """The token that a request bears, from its META; None where it bears none. Raises TokenRefused.

    Other schemes than Bearer are somebody else's, such as a proxy's password, and no token.
    """
    scheme, _, given = str(meta.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    secret = given.strip()
    if not SHAPE.fullmatch(secret):
        raise TokenRefused
    token = Token.objects.live().select_related("owner").filter(digest=digest_of(secret)).first()
    if token is None:
        raise TokenRefused
    _note_use(token)
    return token


def token_of(request: Request) -> Token:
    """The token of a request to the API that bears one."""
    return cast("Token", request.auth)


def asker_of(request: Request) -> str:
    """The key under which a request to the API is counted."""
    return token_of(request).asker if request.auth else asker_key(request.META)


def check_scope(token: Token, scope: str) -> None:
    if scope not in token.scopes:
        raise ScopeMissing(scope)


def revoke_token(token: Token) -> None:
    """Ends a token for good, from the next request on. One that is revoked already stays as it is."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def _note_use(token: Token) -> None:
    """Keeps the day only: one write a day, and no record of what a program did when."""
    today = timezone.localdate()
    if token.last_used_on != today:
        Token.objects.filter(pk=token.pk).update(last_used_on=today)
