"""The archive's desk in Django admin: look and search. Harvesting is the only writer of preprints."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from archive.identifiers import parse
from archive.models import (
    Author,
    Category,
    Embedding,
    HarvestRun,
    IdentifierCounter,
    Preprint,
    RawRecord,
    SetAsideRecord,
)
from archive.retrying import retry_records
from archive.search import named_by

MAX_RETRIED = 500  # set-aside records that one click tries again: some seconds


class ReadOnlyMixin:
    """Rows that programs write: whoever may view them sees them, nobody adds, edits or deletes them here."""

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Also the fields that Django would leave out of a form, such as times that it sets itself."""
        model_fields = self.model._meta.fields  # type: ignore[attr-defined]
        set_by_django = [field.name for field in model_fields if not field.editable and not field.generated]
        return [*self.readonly_fields, *set_by_django]  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class WithdrawnFilter(admin.SimpleListFilter):
    title = "withdrawn"
    parameter_name = "withdrawn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Available"), ("yes", "Withdrawn")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        return queryset.filter(withdrawn_on__isnull=self.value() == "no")


class EmbeddedFilter(admin.SimpleListFilter):
    title = "embedding"
    parameter_name = "embedding"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Waits to be embedded"), ("done", "Embedded")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "waiting":
            return queryset.needs_embedding(settings.EMBEDDING_MODEL)
        return queryset.filter(is_embedded=True) if self.value() == "done" else queryset


class CategoryFilter(admin.SimpleListFilter):
    """By the categories' own table: looking for the distinct ones of all preprints would read them all."""

    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in Category.objects.values_list("code", flat=True)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(categories__contains=[self.value()]) if self.value() else queryset


class AuthorInline(ReadOnlyMixin, admin.TabularInline):
    model = Author
    fields = ["position", "name", "affiliation", "orcid"]


class EmbeddingInline(ReadOnlyMixin, admin.TabularInline):
    model = Embedding
    fields = ["model", "text_hash", "created_at"]


class RawRecordInline(ReadOnlyMixin, admin.StackedInline):
    model = RawRecord
    classes = ["collapse"]
    fields = ["text"]
    verbose_name_plural = "The source's own record"


@admin.register(Preprint)
class PreprintAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = [
        "identifier",
        "title",
        "primary_category",
        "submitted_on",
        "arxiv_id",
        "version",
        "is_embedded",
        "withdrawn_on",
    ]
    list_filter = [WithdrawnFilter, EmbeddedFilter, "abstract_kind", "source", CategoryFilter]
    search_fields = ["identifier", "source_id", "title"]
    search_help_text = "An identifier (AG-2024.01-1576, 2401.07049, a DOI), or words of title and abstract."
    date_hierarchy = "submitted_on"
    show_full_result_count = False  # counting millions of rows twice a page is no help to anybody
    list_per_page = 50
    exclude = ["search_vector"]
    inlines = [AuthorInline, EmbeddingInline, RawRecordInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preprint]:
        vector = Embedding.objects.filter(
            preprint=OuterRef("pk"), model=settings.EMBEDDING_MODEL, text_hash=OuterRef("text_hash")
        )
        return super().get_queryset(request).defer("search_vector").annotate(is_embedded=Exists(vector))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Preprint], search_term: str
    ) -> tuple[QuerySet[Preprint], bool]:
        """An identifier finds its preprint; other words go to the full-text index."""
        term = search_term.strip()
        identifier = parse(term)
        if not term:
            return queryset, False
        if identifier is None:
            words = SearchQuery(term, config="english", search_type="websearch")
            return queryset.filter(search_vector=words), False
        return queryset.filter(named_by(identifier)), False

    @admin.display(boolean=True, description="embedded", ordering="is_embedded")
    def is_embedded(self, preprint: Preprint) -> bool:
        return preprint.is_embedded  # type: ignore[attr-defined]


@admin.register(Author)
class AuthorAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["name", "orcid", "preprint"]
    list_select_related = ["preprint"]
    search_fields = ["name__istartswith", "=orcid"]
    search_help_text = "The beginning of a name as the preprint gives it, or an ORCID."
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Author]:
        return super().get_queryset(request).defer("preprint__search_vector", "preprint__abstract")


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    """The one table that is edited here: a category's name in words."""

    list_display = ["code", "name"]
    search_fields = ["code", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> list[str]:
        return ["code"] if obj else []


@admin.register(IdentifierCounter)
class IdentifierCounterAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["month", "last_serial"]
    ordering = ["-month"]


@admin.register(HarvestRun)
class HarvestRunAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = [
        "started_at",
        "source",
        "set_spec",
        "state",
        "created",
        "updated",
        "unchanged",
        "withdrawn",
        "set_aside_link",
        "finished_at",
    ]
    list_filter = ["state", "set_spec"]
    search_fields = ["source", "set_spec", "error"]
    date_hierarchy = "started_at"

    @admin.display(description="set aside", ordering="set_aside")
    def set_aside_link(self, run: HarvestRun) -> SafeString | int:
        """To the records that wait to be mended: there may be thousands, so they have a list of their own."""
        if not run.set_aside:
            return run.set_aside
        address = reverse("admin:archive_setasiderecord_changelist", query={"run__id__exact": run.pk})
        return format_html('<a href="{}">{}</a>', address, run.set_aside)


@admin.register(SetAsideRecord)
class SetAsideRecordAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Records that wait to be mended, with reason and text; tried again one by one or together."""

    list_display = ["source_id", "reason", "run", "created_at", "tried_at"]
    list_select_related = ["run"]
    fields = ["source_id", "reason", "run", "created_at", "tried_at", "raw"]
    actions = ["retry"]
    change_form_template = "admin/archive/retry_change_form.html"
    list_filter = [("run", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["=source_id", "reason"]
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SetAsideRecord]:
        """A text may have megabytes: only the page of one record reads it."""
        found = super().get_queryset(request)
        is_list = request.path == reverse("admin:archive_setasiderecord_changelist")
        return found.defer("raw") if is_list else found

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Trying again needs the permission to change, although no field is changed by hand."""
        return request.user.has_perm("archive.change_setasiderecord")

    @admin.action(description="Try again", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[SetAsideRecord]) -> None:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: MAX_RETRIED + 1])
        run = retry_records(keys[:MAX_RETRIED])
        self.message_user(
            request,
            f"{run.created + run.updated + run.unchanged} taken in, {run.set_aside} still set aside.",
            messages.WARNING if run.set_aside else messages.SUCCESS,
        )
        if len(keys) > MAX_RETRIED:
            self.message_user(
                request,
                f"Only the first {MAX_RETRIED} were tried: manage.py retry_set_aside tries them all.",
                messages.WARNING,
            )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_retry"] = self.has_retry_permission(request)
        context["list_url"] = reverse("admin:archive_setasiderecord_changelist")
        context["checkbox_name"] = ACTION_CHECKBOX_NAME
        return super().render_change_form(request, context, *args, **kwargs)
