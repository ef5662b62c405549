"""What curators decide, each through qa/publishing.py. In admin a decision asks on a page of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from qa import publishing, reporting
from qa.models import Answer, Question, Report

MAX_REASON = 250  # characters; it becomes the new version's change_reason
NEVER_PUBLISHED = frozenset(
    {Question.State.PENDING, Question.State.HELD, Question.State.UNANSWERABLE, Question.State.FAILED}
)


class NoForm(forms.Form):
    """For decisions that need no words."""


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 3, "cols": 80}))


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(
        Question.objects.all(),
        label="Into",
        help_text="The question whose page the others lead to from now on.",
        widget=AutocompleteSelect(Question._meta.get_field("merged_into"), admin.site),
    )


@dataclass(frozen=True)
class Decision:
    """One thing that a curator may decide about a row.

    `consequence` is what the confirming page says will follow; `states` are those in which the row's own page
    offers it. Whether it is allowed is for qa/publishing.py to say.
    """

    name: str
    label: str
    consequence: str
    act: Callable[[Any, AbstractBaseUser, dict[str, Any]], object]
    states: frozenset[str]
    form: type[forms.Form] = NoForm


def gap_decision(name: str, label: str, consequence: str, *, is_listed: bool) -> Decision:
    """Puts a question that the archive can't answer on the page of gaps, or takes it off."""
    return Decision(
        name,
        label,
        consequence,
        lambda question, user, given: publishing.list_gap(question, is_listed=is_listed),
        frozenset({Question.State.UNANSWERABLE}),
    )


ANSWER_DECISIONS = [
    Decision(
        "publish",
        "Publish",
        "The answer becomes its question's public page, and replaces a version published before.",
        lambda answer, user, given: publishing.publish(answer, user),
        frozenset({Answer.State.HELD}),
    ),
    Decision(
        "hold",
        "Hold",
        "The page stops showing the answer and says that a curator is checking it.",
        lambda answer, user, given: publishing.hold(answer, given["reason"]),
        frozenset({Answer.State.PUBLISHED}),
        ReasonForm,
    ),
    Decision(
        "discard",
        "Discard",
        "The answer stays in the record and is shown to nobody.",
        lambda answer, user, given: publishing.discard(answer),
        frozenset({Answer.State.HELD}),
    ),
]
QUESTION_DECISIONS = [
    Decision(
        "reanswer",
        "Answer again",
        "A new version is made. A published page stays as it is until the new version is published.",
        lambda question, user, given: publishing.reanswer(question, given["reason"]),
        frozenset(publishing.OPEN_TO_REANSWER),
        ReasonForm,
    ),
    Decision(
        "retract",
        "Retract",
        "The page becomes a tombstone with the day and your reason, which everybody can read.",
        lambda question, user, given: publishing.retract(question, given["reason"]),
        frozenset({Question.State.PUBLISHED}),
        ReasonForm,
    ),
    Decision(
        "reject",
        "Reject",
        "The address is not found any more; whoever asks the same question again reads your reason.",
        lambda question, user, given: publishing.reject(question, given["reason"]),
        NEVER_PUBLISHED,
        ReasonForm,
    ),
    gap_decision(
        "list_gap",
        "List among the gaps",
        "Its words are shown to everybody on the page of gaps, as long as the archive can't answer it.",
        is_listed=True,
    ),
    gap_decision(
        "unlist_gap", "Take off the gaps", "The page of gaps doesn't show it any more.", is_listed=False
    ),
    Decision(
        "merge",
        "Merge",
        "The address leads to the other question's page from now on.",
        lambda question, user, given: publishing.merge(question, given["into"]),
        NEVER_PUBLISHED | {Question.State.PUBLISHED},
        MergeForm,
    ),
    Decision(
        "erase",
        "Erase",
        "Its text, answers and reports leave the database for good. The tombstone with your reason stays.",
        lambda question, user, given: publishing.erase(question),
        frozenset({Question.State.REJECTED, Question.State.RETRACTED}),
    ),
]


REPORT_DECISIONS = [
    Decision(
        "resolve",
        "Resolve",
        "The report leaves the queue. Your note is for curators only.",
        lambda report, user, given: reporting.resolve(report, given["reason"], user),
        frozenset({Report.State.OPEN}),
        ReasonForm,
    ),
    Decision(
        "reopen",
        "Reopen",
        "The report is in the queue again.",
        lambda report, user, given: reporting.reopen(report),
        frozenset({Report.State.RESOLVED}),
    ),
]


@transaction.atomic
def carry_out(
    decision: Decision, row: Model, *, by: AbstractBaseUser, given: dict[str, Any], through: str = ""
) -> None:
    """Does what was decided, and keeps it in the row's history; or does nothing: publishing.NotAllowed.

    `given` is what the decision's form asks for. `through` names the door, where it is not admin.
    """
    words = ": ".join([decision.label, *(str(getattr(value, "slug", value)) for value in given.values())])
    decision.act(row, by, given)
    LogEntry.objects.log_actions(
        user_id=by.pk,
        queryset=[row],
        action_flag=CHANGE,
        change_message=f"{words} ({through})" if through else words,
        single_object=True,
    )


class DecidingAdmin(admin.ModelAdmin):
    """An admin whose rows curators decide about: as actions on the list, and as buttons on the row's page."""

    decisions: Sequence[Decision] = ()
    change_form_template = "admin/qa/deciding_change_form.html"

    def has_curate_permission(self, request: HttpRequest) -> bool:
        """Deciding needs the permission to change, although no field is changed by hand."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if self.has_curate_permission(request):
            for decision in self.decisions:
                actions[decision.name] = (self._action(decision), decision.name, f"{decision.label} …")
        return actions

    def _action(self, decision: Decision) -> Callable[..., HttpResponse | None]:
        def run(modeladmin: object, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
            return self.decide(request, queryset, decision)

        return run

    def decide(self, request: HttpRequest, queryset: QuerySet, decision: Decision) -> HttpResponse | None:
        """Asks, and once confirmed acts on each row; what is not allowed is said, the others are done."""
        is_confirmed = "confirmed" in request.POST
        form = decision.form(request.POST if is_confirmed else None)
        if not (is_confirmed and form.is_valid()):
            return self._confirming_page(request, queryset, decision, form)
        done = sum(self._act(request, row, decision, form.cleaned_data) for row in queryset)
        if done:
            name = self.opts.verbose_name if done == 1 else self.opts.verbose_name_plural
            self.message_user(request, f"{decision.label}: {done} {name}.", messages.SUCCESS)
        return None

    def _act(self, request: HttpRequest, row: Model, decision: Decision, given: dict[str, Any]) -> bool:
        try:
            carry_out(decision, row, by=request.user, given=given)  # type: ignore[arg-type]
        except publishing.NotAllowed as refusal:
            self.message_user(request, f"{row}: {refusal.message}", messages.ERROR)
            return False
        return True

    def _confirming_page(
        self, request: HttpRequest, queryset: QuerySet, decision: Decision, form: forms.Form
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": decision.label,
            "opts": self.opts,
            "decision": decision,
            "rows": queryset,
            "form": form,
            "media": self.media + form.media,
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/qa/decide.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        offered = [d for d in self.decisions if row and row.state in d.states]
        context["decisions"] = offered if self.has_curate_permission(request) else []
        context["list_url"] = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context["checkbox_name"] = ACTION_CHECKBOX_NAME
        return super().render_change_form(request, context, *args, **kwargs)
