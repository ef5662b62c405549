"""Why the API takes no question or report: each becomes a problem document, in antigravity/problems.py."""

from rest_framework.exceptions import APIException

from qa.serializers import SuggestionSerializer
from qa.submission import NearDuplicate


class QuestionRefused(APIException):
    """The submission gate refused the text; `code` is its reason."""

    status_code = 422


class KeyIsReused(APIException):
    """The Idempotency-Key came with another question before."""

    status_code = 422
    default_code = "idempotency_key_reused"


class QuotaExceeded(APIException):
    """This address asked as often as it may."""

    status_code = 429
    default_code = "quota"


class QueueIsFull(APIException):
    """More questions wait than can be answered soon."""

    status_code = 503
    default_code = "queue_full"


class AskedInOtherWords(APIException):
    """Published questions ask the same: `candidates`."""

    status_code = 409
    default_code = "near_duplicate"

    def __init__(self, refusal: NearDuplicate) -> None:
        super().__init__(refusal.message)
        self.extra = {"candidates": SuggestionSerializer(refusal.candidates, many=True).data}


def with_wait(problem: APIException, seconds: int) -> APIException:
    """The problem with a Retry-After header."""
    problem.wait = seconds  # type: ignore[attr-defined]
    return problem
