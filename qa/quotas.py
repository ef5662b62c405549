"""How often one address, or one token, may ask and report.

Counted in one statement, so that a limit of 10 lets exactly 10 through.
"""

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from qa.models import BEARER_ASKER, AskQuota

KEPT_DAYS = 2


class QuotaUsed(Exception):
    """This asker asked as often as it may for now; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


def asker_key(meta: Mapping[str, Any]) -> str:
    """An opaque key of who asks, from a request's META: a keyed hash of the client's address.

    Where a request may bear a token, qa.tokens.identify_asker() makes the key.
    """
    return salted_hmac("qa.asker", client_network(meta), algorithm="sha256").hexdigest()


def client_network(meta: Mapping[str, Any]) -> str:
    """The client's address, an IPv6 one as its /64. Only the proxies' part of X-Forwarded-For is believed."""
    address = str(meta.get("REMOTE_ADDR", ""))
    if settings.NUM_PROXIES:
        hops = [hop.strip() for hop in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
        address = hops[-min(settings.NUM_PROXIES, len(hops))] if hops else address
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def use_quota(asker: str) -> None:
    """Counts one question. Raises QuotaUsed over a limit; the caller's transaction rolls the count back."""
    now = timezone.now()
    next_hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    next_day = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    per_hour, per_day = ask_limits(asker)
    for window, limit, end, period in (
        (f"day:{now:%Y%m%d}", per_day, next_day, "day"),
        (f"hour:{now:%Y%m%d%H}", per_hour, next_hour, "hour"),
    ):
        if _count(asker, window) > limit:
            wait = _seconds_until(end, now)
            raise QuotaUsed(
                f"The limit is {limit} new questions in one {period}. Please try again in {_in_words(wait)}; "
                "questions that are answered already can be read at any time.",
                retry_after=wait,
            )


def ask_limits(asker: str) -> tuple[int, int]:
    """How many new questions this asker may ask in an hour, and in a day."""
    if asker.startswith(BEARER_ASKER):
        return settings.TOKEN_ASK_QUOTA_PER_HOUR, settings.TOKEN_ASK_QUOTA_PER_DAY
    return settings.ASK_QUOTA_PER_HOUR, settings.ASK_QUOTA_PER_DAY


def use_report_quota(asker: str) -> None:
    """Counts one report or vote. Raises QuotaUsed over the limit of a day, as use_quota() does."""
    now = timezone.now()
    next_day = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    limit = settings.REPORT_QUOTA_PER_DAY
    if _count(asker, f"said:{now:%Y%m%d}") > limit:
        wait = _seconds_until(next_day, now)
        raise QuotaUsed(
            f"The limit is {limit} reports in one day. Please try again in {_in_words(wait)}.",
            retry_after=wait,
        )


def forget_askers() -> int:
    """Deletes the counts of days gone by; returns how many."""
    oldest = f"{timezone.now() - timedelta(days=KEPT_DAYS):%Y%m%d}"
    days = Q(window__startswith="day:", window__lt=f"day:{oldest}")
    hours = Q(window__startswith="hour:", window__lt=f"hour:{oldest}")
    reports = Q(window__startswith="said:", window__lt=f"said:{oldest}")
    deleted, _ = AskQuota.objects.filter(days | hours | reports).delete()
    return deleted


def _count(asker: str, window: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO qa_askquota (asker, "window", asked) VALUES (%s, %s, 1) '
            'ON CONFLICT (asker, "window") DO UPDATE SET asked = qa_askquota.asked + 1 RETURNING asked',
            [asker, window],
        )
        return cursor.fetchone()[0]


def _seconds_until(end: datetime, now: datetime) -> int:
    return max(1, int((end - now).total_seconds()) + 1)


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    if minutes < 90:
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"{round(minutes / 60)} hours"
