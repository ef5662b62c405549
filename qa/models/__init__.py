"""Questions, runs, answers and their evidence: rows, QuerySets, the constraints that hold the state table.

The table itself, with what each audience sees, is docs/decisions/0001-states.md; change it there first.
"""

from qa.models.answers import MAX_SOURCES, Answer, Citation, FollowUp, Source, Statement
from qa.models.ledger import AskQuota, Spend
from qa.models.questions import AnswerRun, AnswerRunQuerySet, Question, QuestionQuerySet, new_slug

__all__ = [
    "MAX_SOURCES",
    "Answer",
    "AnswerRun",
    "AnswerRunQuerySet",
    "AskQuota",
    "Citation",
    "FollowUp",
    "Question",
    "QuestionQuerySet",
    "Source",
    "Spend",
    "Statement",
    "new_slug",
]
