"""What people type on pages; a form only carries it. The rules for a question are in qa/submission.py."""

from typing import Any

from django import forms

from archive.identifiers import OWN
from qa.models import MAX_REPORT, Answer, Question, Report

CATEGORY = r"^[A-Za-z-]+(\.[A-Za-z-]+)?$"
MAX_QUESTION = Question._meta.get_field("text").max_length


class AskForm(forms.Form):
    """One question. What was typed is kept whatever becomes of it."""

    question = forms.CharField(
        required=False,  # an empty question gets submission's own words
        strip=False,
        label="Your question",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "true", "dir": "auto"}),
    )

    force = forms.BooleanField(required=False)  # "ask anyway", although it was answered in other words

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        attrs = self.fields["question"].widget.attrs
        attrs |= {
            "data-limit": str(MAX_QUESTION),
            "aria-describedby": "question-help",
            "placeholder": "What limits the depth of circuits on present quantum hardware?",
        }

    def add_error(self, field: str | None, error: Any) -> None:
        """Also names the trouble as the box's description: a screen reader says it there."""
        super().add_error(field, error)
        self.fields["question"].widget.attrs["aria-describedby"] = "question-trouble question-help"


class ReportForm(forms.Form):
    """What a reader says about a page. The rules are in qa/reporting.py; nothing that was typed gets lost."""

    kind = forms.ChoiceField(
        choices=[(kind.value, kind.label) for kind in Report.Kind if kind != Report.Kind.SITE],
        widget=forms.RadioSelect,
        label="What is it about?",
        error_messages={"required": "Please choose what it is about."},
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="What is wrong?",
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto", "data-limit": str(MAX_REPORT)}),
    )


class SearchForm(forms.Form):
    """A search as its address has it. A value that makes no sense is as good as none."""

    q = forms.CharField(
        required=False,
        max_length=500,
        error_messages={
            "max_length": "A search takes %(limit_value)d characters at most; these are %(show_value)d."
        },
    )
    author = forms.CharField(required=False, max_length=255)
    category = forms.RegexField(CATEGORY, required=False, max_length=32)
    year = forms.IntegerField(required=False, min_value=1900, max_value=2999)
    verdict = forms.ChoiceField(required=False, choices=Answer.Verdict.choices)

    def clean_q(self) -> str:
        return " ".join(self.cleaned_data["q"].split())


class QuestionListForm(forms.Form):
    """How a list of questions is narrowed and sorted, as its address has it."""

    verdict = forms.ChoiceField(required=False, choices=Answer.Verdict.choices)
    category = forms.RegexField(CATEGORY, required=False, max_length=32)
    cites = forms.RegexField(OWN, required=False, max_length=32, strip=False)
    sort = forms.ChoiceField(required=False, choices=[("oldest", "oldest"), ("sources", "sources")])
