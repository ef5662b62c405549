"""Idempotency-Key: the same request once more gets the same answer.

The header is that of draft-ietf-httpapi-idempotency-key-header. What is kept of a key, and why so little:
docs/decisions/0020.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from qa.models import AskKey, Question

KEPT = timedelta(hours=24)
KEY_LOCK = 7_202  # with part of the digest, of pg_advisory_xact_lock: requests with one key come one by one
SHAPE = re.compile(r"[\x21-\x7e]{1,255}")


class KeyMalformed(Exception):
    """The header is no key."""

    message = "An Idempotency-Key is 1 to 255 visible ASCII characters, such as a UUID."


class KeyReused(Exception):
    """The key came with another question before."""

    message = "This Idempotency-Key came with another question before. Make a new one for each question."


@dataclass(frozen=True)
class Key:
    """A key that a request brought: digests of it and of what it was sent with. Neither is kept in clear."""

    digest: str
    body: str


def make_key(given: str, *, asker: str, text: str, force: bool) -> Key:
    """The header of a request, a string in quotes or bare. Raises KeyMalformed."""
    name = given.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
    if not SHAPE.fullmatch(name):
        raise KeyMalformed
    return Key(_digest("key", asker, name), _digest("body", str(force), text))


def find_repeat(key: Key) -> AskKey | None:
    """What the same request made within the last 24 hours. Raises KeyReused where it was another one."""
    rows = AskKey.objects.select_related("question__merged_into", "question__published_answer__run")
    row = rows.filter(digest=key.digest, asked_at__gt=timezone.now() - KEPT).first()
    if row and row.body != key.body:
        raise KeyReused
    return row


def lock_key(key: Key) -> None:
    """Keeps other requests with this key waiting until the transaction is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [KEY_LOCK, int(key.digest[:8], 16) - 2**31])


def keep_key(key: Key, question: Question, *, is_new: bool) -> None:
    """Notes in the transaction that takes a question under which key it came: both are there, or neither."""
    found = {"body": key.body, "question": question, "is_new": is_new, "asked_at": timezone.now()}
    AskKey.objects.update_or_create(digest=key.digest, defaults=found)


def forget_keys() -> int:
    """Deletes what is older than 24 hours; returns how many."""
    deleted, _ = AskKey.objects.filter(asked_at__lte=timezone.now() - KEPT).delete()
    return deleted


def _digest(*parts: str) -> str:
    words = "\n".join(parts).encode(errors="surrogatepass")
    return salted_hmac("qa.idempotency", words, algorithm="sha256").hexdigest()
