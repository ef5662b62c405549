"""Questions, runs, answers and their evidence: rows, QuerySets, the constraints that hold the state table.

The table itself, with what each audience sees, is docs/decisions/0001-states.md; change it there first.
"""

from qa.models.answers import MAX_SOURCES, Answer, Citation, FollowUp, Source, Statement
from qa.models.checks import CitationRecheck, Opinion, Recheck
from qa.models.ledger import AskQuota, Spend
from qa.models.marks import Mark, Sweep, standing_marks
from qa.models.questions import (
    AnswerRun,
    AnswerRunQuerySet,
    Question,
    QuestionEmbedding,
    QuestionQuerySet,
    new_slug,
)
from qa.models.repeats import AskKey
from qa.models.reports import MAX_REPORT, Report
from qa.models.tokens import BEARER_ASKER, Token

__all__ = [
    "BEARER_ASKER",
    "MAX_REPORT",
    "MAX_SOURCES",
    "Answer",
    "AnswerRun",
    "AnswerRunQuerySet",
    "AskKey",
    "AskQuota",
    "Citation",
    "CitationRecheck",
    "FollowUp",
    "Mark",
    "Opinion",
    "Question",
    "QuestionEmbedding",
    "QuestionQuerySet",
    "Recheck",
    "Report",
    "Source",
    "Spend",
    "Statement",
    "Sweep",
    "Token",
    "new_slug",
    "standing_marks",
]
