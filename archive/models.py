"""Preprints and what is kept about them: rows, QuerySets, and the constraints that the database holds."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.urls import reverse
from pgvector.django import HalfVectorField


class Category(models.Model):
    """A subject class of the source, such as quant-ph: its code and its name in words."""

    code = models.CharField(max_length=32, primary_key=True)
    name = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.code


class IdentifierCounter(models.Model):
    """The last serial minted in a month; archive/identifiers.py is its only writer."""

    month = models.CharField(max_length=7, primary_key=True)  # "2024.04"
    last_serial = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.month}: {self.last_serial}"


class PreprintQuerySet(models.QuerySet["Preprint"]):
    """Which preprints: adjectives and participles that pages, feeds and searches share."""

    def available(self) -> "PreprintQuerySet":
        """Preprints that answers may rest on: everything not withdrawn."""
        return self.filter(withdrawn_on__isnull=True)

    def needs_embedding(self, model: str) -> "PreprintQuerySet":
        """Available preprints without a vector of this model for their present text."""
        current = Embedding.objects.filter(
            preprint=models.OuterRef("pk"), model=model, text_hash=models.OuterRef("text_hash")
        )
        return self.available().filter(~models.Exists(current))


class Preprint(models.Model):
    """One preprint: one source record, one identifier, for ever. archive/harvesting.py writes it."""

    class AbstractKind(models.TextChoices):
        ABSTRACT = "abstract", "authors' abstract"
        SUMMARY = "summary", "summary by this site"

    identifier = models.CharField(max_length=20, unique=True)  # AG-2024.01-1576
    source = models.CharField(max_length=16, default="arxiv")
    source_id = models.CharField(max_length=255)  # 2401.07049, quant-ph/9705052
    version = models.PositiveSmallIntegerField(default=1)
    versions = models.JSONField(
        default=list, blank=True
    )  # [{"version": 1, "submitted_on": "2024-01-13", "text_hash": …}, …]
    title = models.TextField()
    abstract = models.TextField()
    abstract_kind = models.CharField(max_length=8, choices=AbstractKind, default=AbstractKind.ABSTRACT)
    primary_category = models.CharField(max_length=32)
    categories = ArrayField(models.CharField(max_length=32))
    submitted_on = models.DateField(help_text="First version's submission at the source.")
    revised_on = models.DateField(null=True, blank=True)
    comments = models.TextField(blank=True)
    journal_ref = models.TextField(blank=True)
    doi = models.CharField(max_length=255, blank=True)
    licence = models.CharField(max_length=255, blank=True)
    language = models.CharField(max_length=8, default="en")
    datestamp = models.DateField(null=True, blank=True, help_text="Of the source's record.")
    withdrawn_on = models.DateField(null=True, blank=True)
    withdrawal_reason = models.TextField(blank=True)
    text_hash = models.CharField(max_length=64, help_text="SHA-256 of title and abstract.")
    record_hash = models.CharField(max_length=64, blank=True, help_text="Of the record last taken in.")
    search_vector = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("abstract", weight="B", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PreprintQuerySet.as_manager()

    class Meta:
        ordering = ["-submitted_on", "-identifier"]
        indexes = [
            GinIndex(fields=["search_vector"], name="preprint_search_vector"),
            GinIndex(fields=["categories"], name="preprint_categories"),
            GinIndex(fields=["title"], name="preprint_title_trigrams", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["-submitted_on", "-identifier"], name="preprint_newest"),
            models.Index(fields=["primary_category", "-submitted_on"], name="preprint_category_newest"),
            models.Index(Upper("doi"), name="preprint_doi"),
            models.Index(fields=["updated_at", "id"], name="preprint_changed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id"], name="preprint_one_per_source_record"),
            models.CheckConstraint(
                condition=Q(identifier__regex=r"^AG-[0-9]{4}\.[0-9]{2}-[0-9]{3,}$"),
                name="preprint_identifier_shape",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="preprint_version_positive"),
            models.CheckConstraint(
                condition=Q(withdrawn_on__isnull=False) | Q(withdrawal_reason=""),
                name="preprint_reason_needs_withdrawal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("archive:preprint", args=[self.identifier])

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_on is not None

    @property
    def arxiv_id(self) -> str:
        return self.source_id if self.source == "arxiv" else ""

    @property
    def arxiv_url(self) -> str:
        return f"https://arxiv.org/abs/{self.arxiv_id}" if self.arxiv_id else ""


class Author(models.Model):
    """One name in a preprint's author list, in the order and the form that the authors gave."""

    preprint = models.ForeignKey(Preprint, on_delete=models.CASCADE, related_name="authors")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=255)
    affiliation = models.TextField(blank=True)
    orcid = models.CharField(max_length=19, blank=True)

    class Meta:
        ordering = ["preprint", "position"]
        indexes = [models.Index(fields=["name"], name="author_name")]
        constraints = [
            models.UniqueConstraint(fields=["preprint", "position"], name="author_one_per_position")
        ]

    def __str__(self) -> str:
        return self.name


class RawRecord(models.Model):
    """A source's own record of a preprint, as last sent, so that a better parser can be run over it."""

    preprint = models.OneToOneField(
        Preprint, on_delete=models.CASCADE, primary_key=True, related_name="raw_record"
    )
    text = models.TextField()

    def __str__(self) -> str:
        return str(self.preprint_id)


class Posting(models.Model):
    """Which preprints hold a lexeme, for full-text ranking; archive/postings.py alone writes and reads it.

    A row is a lexeme in one block of 16,384 preprint ids, 3 bytes a preprint: see archive/postings.py.
    The empty lexeme lists every preprint that full-text search can find.
    """

    pk = models.CompositePrimaryKey("lexeme", "block")
    lexeme = models.TextField()
    block = models.IntegerField()
    entries = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.lexeme} in {self.block}"


class EmbeddingModel(models.Model):
    """A model that made vectors here; archive/vectors.py writes it. The one that serves is a complete one.

    Complete: once every available preprint had a vector of it. `dimensions` are those of its first answer.
    """

    name = models.CharField(max_length=128, primary_key=True)
    dimensions = models.PositiveSmallIntegerField()
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Embedding(models.Model):
    """A preprint's vector under one model: of its title and abstract, of length 1."""

    preprint = models.ForeignKey(Preprint, on_delete=models.CASCADE, related_name="embeddings")
    model = models.CharField(max_length=128)
    vector = HalfVectorField()
    text_hash = models.CharField(max_length=64, help_text="Of the text that was embedded.")
    created_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["preprint", "model"], name="embedding_one_per_model")]

    def __str__(self) -> str:
        return f"{self.preprint_id} {self.model}"


class Projection(models.Model):
    """A picture of the archive: preprints on a plane by one model's vectors. archive/mapping.py writes it."""

    model = models.CharField(max_length=128)
    version = models.CharField(max_length=32, help_text="Of the way it was drawn.")
    regions = models.JSONField(default=list, help_text="What parts of it speak of: x, y, name, size.")
    drawn = models.PositiveIntegerField(help_text="Points it was drawn with; later ones were placed beside.")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [models.UniqueConstraint(fields=["model"], name="projection_one_per_model")]

    def __str__(self) -> str:
        return f"{self.model} {self.version}"


class MapPoint(models.Model):
    """Where a preprint lies in a picture: 0..SCALE from its left and from its top."""

    SCALE = 65_535

    projection = models.ForeignKey(Projection, on_delete=models.CASCADE, related_name="points")
    preprint = models.ForeignKey(Preprint, on_delete=models.CASCADE, related_name="map_points")
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["projection", "preprint"], name="mappoint_one_per_preprint"),
            models.CheckConstraint(condition=Q(x__lte=65_535, y__lte=65_535), name="mappoint_within_scale"),
        ]

    def __str__(self) -> str:
        return f"{self.preprint_id}: {self.x}, {self.y}"


class HarvestRun(models.Model):
    """One pass over a source: where it stands and what it changed. Resumed from its last committed page."""

    class State(models.TextChoices):
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    source = models.CharField(max_length=255, help_text="An OAI-PMH base URL or a file's name.")
    set_spec = models.CharField(max_length=64, blank=True)
    harvested_from = models.CharField(max_length=20, blank=True, help_text="As the server was asked.")
    harvested_until = models.CharField(max_length=20, blank=True, help_text="As the server was asked.")
    listed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The server's clock at the first page: the next harvest begins there.",
    )
    announced = models.PositiveIntegerField(
        null=True, blank=True, help_text="Records that the server said it has for this."
    )
    listed = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Records of the list since it was begun last."
    )
    position = models.TextField(blank=True, help_text="Resumption token, or the number of lines read.")
    refusals = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="Times in a row that the server would not go on from this position.",
    )
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0, help_text="Among the created and updated.")
    set_aside = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    resume_at = models.DateTimeField(null=True, blank=True, help_text="Not to be gone on with before.")

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", finished_at__isnull=True)
                | (~Q(state="running") & Q(finished_at__isnull=False)),
                name="harvestrun_finished_has_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.set_spec} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def seen(self) -> int:
        """Records read so far, whatever became of them."""
        return self.created + self.updated + self.unchanged + self.set_aside


class ServerTurn(models.Model):
    """When a server may be asked next, by whichever process; archive/turns.py is its only writer."""

    place = models.CharField(max_length=255, primary_key=True, help_text="Host and port.")
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.place}: {self.next_at:%Y-%m-%d %H:%M:%S}"


class Deletion(models.Model):
    """A record that its source deleted before the archive had it: loaded later, it is withdrawn."""

    source = models.CharField(max_length=16)
    source_id = models.CharField(max_length=255)
    datestamp = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id"], name="deletion_one_per_source_record")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"


class SetAsideRecord(models.Model):
    """A record that could not be taken in: its text and the reason, so that it can be tried again.

    However often a source sends it, it stands here once, under the run that met it last.
    """

    run = models.ForeignKey(HarvestRun, on_delete=models.CASCADE, related_name="set_aside_records")
    source_id = models.CharField(max_length=255, blank=True)
    reason = models.TextField()
    raw = models.TextField()
    raw_hash = models.CharField(max_length=64, help_text="SHA-256 of the text.")
    created_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True, blank=True, help_text="When it was last tried again.")

    class Meta:
        ordering = [F("created_at").desc()]
        constraints = [models.UniqueConstraint(fields=["source_id", "raw_hash"], name="setasiderecord_once")]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.reason}"
