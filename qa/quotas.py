"""How often one address, or one token, may ask and report.

Counted in one statement, so that a limit of 10 lets exactly 10 through.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from qa.models import BEARER_ASKER, AskQuota

KEPT_DAYS = 2
HOUR, DAY = 3_600, 86_400


class QuotaUsed(Exception):
    """This asker asked as often as it may for now; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


def asker_key(meta: Mapping[str, Any]) -> str:
    """An opaque key of who asks, from a request's META: a keyed hash of the client's address.

    A request that bears a token has that token's key instead: qa/tokens.py.
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


@dataclass(frozen=True)
class Window:
    """A stretch of time in which an asker may do something `limit` times; `name` is what programs call it."""

    name: str
    key: str  # of the row that counts
    limit: int
    seconds: int
    end: datetime

    def left(self, used: int) -> int:
        return max(0, self.limit - used)

    def wait(self, now: datetime) -> int:
        """Seconds until the next window begins."""
        return max(1, int((self.end - now).total_seconds()) + 1)


def ask_windows(asker: str, now: datetime) -> list[Window]:
    """How many new questions this asker may ask in this hour, and on this day."""
    if asker.startswith(BEARER_ASKER):
        per_hour, per_day = settings.TOKEN_ASK_QUOTA_PER_HOUR, settings.TOKEN_ASK_QUOTA_PER_DAY
    else:
        per_hour, per_day = settings.ASK_QUOTA_PER_HOUR, settings.ASK_QUOTA_PER_DAY
    next_hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return [
        Window("questions-day", f"day:{now:%Y%m%d}", per_day, DAY, _next_day(now)),
        Window("questions-hour", f"hour:{now:%Y%m%d%H}", per_hour, HOUR, next_hour),
    ]


def report_windows(asker: str, now: datetime) -> list[Window]:
    """How many reports and votes any asker may send on this day."""
    limit = settings.REPORT_QUOTA_PER_DAY
    return [Window("reports-day", f"said:{now:%Y%m%d}", limit, DAY, _next_day(now))]


def read_used(asker: str, windows: list[Window]) -> list[int]:
    """How much of each window is used; one query."""
    rows = AskQuota.objects.filter(asker=asker, window__in=[window.key for window in windows])
    used = dict(rows.values_list("window", "asked"))
    return [used.get(window.key, 0) for window in windows]


def use_quota(asker: str) -> None:
    """Counts one question. Raises QuotaUsed over a limit; the caller's transaction rolls the count back."""
    now = timezone.now()
    for window in ask_windows(asker, now):
        if _count(asker, window.key) > window.limit:
            period = "day" if window.seconds == DAY else "hour"
            wait = window.wait(now)
            raise QuotaUsed(
                f"The limit is {window.limit} new questions in one {period}. Please try again in "
                f"{_in_words(wait)}; questions that are answered already can be read at any time.",
                retry_after=wait,
            )


def use_report_quota(asker: str) -> None:
    """Counts one report or vote. Raises QuotaUsed over the limit of a day, as use_quota() does."""
    now = timezone.now()
    for window in report_windows(asker, now):
        if _count(asker, window.key) > window.limit:
            wait = window.wait(now)
            raise QuotaUsed(
                f"The limit is {window.limit} reports in one day. Please try again in {_in_words(wait)}.",
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


def _next_day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    if minutes < 90:
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"{round(minutes / 60)} hours"
