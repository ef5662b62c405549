"""The curators' desk: tokens of the API, made and revoked here. A part of qa/admin.py."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from archive.admin import ReadOnlyMixin
from qa.curating import DecidingAdmin, Decision
from qa.models import Token
from qa.tokens import equip_token, revoke_token

TOKEN_DECISIONS = [
    Decision(
        "revoke",
        "Revoke",
        "It opens nothing any more, from the next request on, for good. The row stays.",
        lambda token, user, given: revoke_token(token),
        frozenset({Token.State.LIVE, Token.State.EXPIRED}),
    )
]


class TokenForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=Token.Scope.choices,
        initial=[Token.Scope.READ, Token.Scope.ASK],
        widget=forms.CheckboxSelectMultiple,
        help_text="What it may be used for. Give it no more than the program needs.",
    )

    class Meta:
        model = Token
        fields = ["label", "scopes", "expires_on"]

    def clean_expires_on(self) -> date | None:
        day: date | None = self.cleaned_data["expires_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError("This day is over.")
        return day


@admin.register(Token)
class TokenAdmin(ReadOnlyMixin, DecidingAdmin):
    """Every token with its owner: never the token itself, which is shown once, where it is made."""

    decisions = TOKEN_DECISIONS
    form = TokenForm
    list_display = ["label", "owner", "begins", "scopes", "state", "last_used_on", "expires_on", "created_at"]
    list_select_related = ["owner"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter), "owner"]
    search_fields = ["label", "=begins", "owner__username"]
    search_help_text = "Words of the label, the first nine characters of a token, or an account."
    fields = [
        "label",
        "owner",
        "begins",
        "scopes",
        "state",
        "created_at",
        "last_used_on",
        "expires_on",
        "revoked_at",
    ]
    readonly_fields = ["state"]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The one row of the desk that people make by hand."""
        return request.user.has_perm("qa.add_token")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields if obj else TokenForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return super().get_readonly_fields(request, obj) if obj else []

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button: whichever was pressed, the next page would be the one that shows the token."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **one_button})

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:
        obj.owner = request.user  # type: ignore[assignment]
        equip_token(obj)
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Token, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one page that shows the token: no redirect, so that no cookie or session carries it."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"API token “{obj.label}”",
            "opts": self.opts,
            "token": obj,
            "site_url": settings.SITE_URL,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/qa/token/made.html", context)
