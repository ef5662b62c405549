"""How much a request may ask for: the size and depth of its body, the length and place of a page."""

import re
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from antigravity.problems import TooLarge

NOT_OURS = "This site did not make this cursor."


class BoundedJSONParser(JSONParser):
    """JSON of at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes, and no deeper than Python can follow.

    REST framework reads a body as it comes, past Django's own limit, and lets a RecursionError through.
    """

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            return super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None


class KeysetPagination(CursorPagination):
    """Pages by cursor over the view's `ordering`: what is added meanwhile moves no page. Its last column is
    unique, so that rows that are alike in the first keep their order.

    Stricter than its parent: a page size that is no number from 1 to 100, or a cursor that this site did not
    make, is an error instead of a surprise.
    """

    page_size = 25
    max_page_size = 100
    page_size_query_param = "limit"
    page_size_query_description = "Results on a page, 1 to 100."
    cursor_query_description = "Where the page begins: from `next` or `previous` of another page."

    def get_ordering(self, request: Request, queryset: QuerySet, view: Any) -> tuple[str, ...]:
        ordering: tuple[str, ...] = view.ordering
        return ordering

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get("limit", str(self.page_size))
        if not re.fullmatch("[1-9][0-9]?|100", given):
            raise ValidationError({"limit": "A number from 1 to 100 is needed."}, code="invalid")
        return int(given)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self.model = queryset.model
        page: Any = super().paginate_queryset(queryset, request, view)
        self.base_url = f"{settings.SITE_URL}{request.get_full_path()}"  # whatever host was asked
        return page

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise ValidationError({"cursor": NOT_OURS}, code="invalid") from None
        is_counted = cursor is not None and cursor.position is None and 0 < cursor.offset < self.offset_cutoff
        if cursor is not None and not is_counted:  # among rows that are alike in the column, rows are counted
            self._check_position(cursor.position)
        return cursor

    def _check_position(self, position: Any) -> None:
        """Refuses a position that the ordered column cannot hold. Raises ValidationError."""
        field = self.model._meta.get_field(self.ordering[0].lstrip("-"))
        try:
            if not position or "\x00" in position or field.to_python(position) is None:
                raise ValueError
        except (DjangoValidationError, ValueError, OverflowError, FieldDoesNotExist):
            raise ValidationError({"cursor": NOT_OURS}, code="invalid") from None
