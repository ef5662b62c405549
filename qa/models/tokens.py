"""Tokens of programs that use the API in somebody's name."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone


class TokenQuerySet(models.QuerySet["Token"]):
    """Which tokens: those that open anything."""

    def live(self) -> "TokenQuerySet":
        """Neither revoked nor expired, and of somebody whose account is active."""
        unexpired = Q(expires_on=None) | Q(expires_on__gte=timezone.localdate())
        return self.filter(unexpired, revoked_at=None, owner__is_active=True)


class Token(models.Model):
    """What a program shows instead of a password. It can do no more than its owner, and only in its scopes.

    The token itself is in no row: `digest` finds it, and nothing leads back. qa/tokens.py makes and finds it.
    """

    class Scope(models.TextChoices):
        READ = "read", "read: what anybody may read, more often"
        ASK = "ask", "ask: questions and reports, under a larger quota"
        CURATE = (
            "curate",
            "curate: publish, retract, answer again and merge, like its owner in admin",
        )

    class State(models.TextChoices):
        LIVE = "live", "live"
        EXPIRED = "expired", "expired"
        REVOKED = "revoked", "revoked"

    label = models.CharField(max_length=80, help_text="What uses it, such as “nightly export”.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="tokens",
        help_text="Who made it, and in whose name its decisions are kept.",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the token.")
    begins = models.CharField(
        max_length=12,
        editable=False,
        help_text="Its first characters, to tell which one was found.",
    )
    scopes = ArrayField(models.CharField(max_length=6, choices=Scope))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_on = models.DateField(
        null=True, blank=True, help_text="The last day on which it works (UTC). Empty: until it is revoked."
    )
    last_used_on = models.DateField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TokenQuerySet.as_manager()

    secret: str = ""  # the token itself, only in the moment when it is made

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__len__gte=1, scopes__contained_by=["read", "ask", "curate"]),
                name="token_has_known_scopes",
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def state(self) -> State:
        """As of today; live() also looks at its owner's account."""
        if self.revoked_at:
            return self.State.REVOKED
        is_over = isinstance(self.expires_on, date) and self.expires_on < timezone.localdate()
        return self.State.EXPIRED if is_over else self.State.LIVE

    @property
    def asker(self) -> str:
        """The key under which its questions and requests are counted, wherever they come from."""
        return f"{BEARER_ASKER}{self.pk}"


BEARER_ASKER = "token-"  # how such a key begins; that of an address is all hexadecimal
