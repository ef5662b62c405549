"""Rows for tests: real ones, under every constraint, as the harvester and the indexer would leave them."""

from datetime import date, timedelta

import factory

from archive.embeddings import get_embedder
from archive.identifiers import mint
from archive.models import Author, Embedding, Preprint
from archive.postings import index_preprints
from archive.text import hash_text


class AuthorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Author

    preprint = factory.SubFactory("tests.factories.PreprintFactory", authors=())
    position = factory.Sequence(lambda n: n)
    name = factory.Faker("name")


class PreprintFactory(factory.django.DjangoModelFactory):
    """A preprint with two authors; `PreprintFactory(authors=["Ada Lovelace"])` names others, `()` none."""

    class Meta:
        model = Preprint
        skip_postgeneration_save = True

    source_id = factory.Sequence(lambda n: f"2401.{n % 100_000:05d}")
    title = factory.Sequence(lambda n: f"Variational circuits for image classification, part {n}")
    abstract = factory.LazyAttribute(
        lambda self: (
            f"We study {self.title.lower()}. Our circuit of 8 qubits is right in 91.5% of 2 classes. "
            "Noise lowers it to 84.0%. No fault-tolerant hardware is needed."
        )
    )
    primary_category = "quant-ph"
    categories = factory.LazyAttribute(lambda self: [self.primary_category])
    submitted_on = factory.Sequence(lambda n: date(2024, 1, 1) + timedelta(days=n % 31))
    identifier = factory.LazyAttribute(lambda self: mint(self.submitted_on))
    text_hash = factory.LazyAttribute(lambda self: hash_text(self.title, self.abstract))
    versions = factory.LazyAttribute(
        lambda self: [{"version": 1, "submitted_on": self.submitted_on.isoformat()}]
    )

    @factory.post_generation
    def postings(self, create, extracted, **kwargs):
        if create:
            index_preprints([self.pk])  # as the harvester does: full-text search finds it

    @factory.post_generation
    def authors(self, create, names, **kwargs):
        names = ["Ada Lovelace", "Emmy Noether"] if names is None else names
        if create:
            for position, name in enumerate(names):
                AuthorFactory(preprint=self, position=position, name=name)


class EmbeddingFactory(factory.django.DjangoModelFactory):
    """The true vector of a preprint under the configured model."""

    class Meta:
        model = Embedding

    preprint = factory.SubFactory(PreprintFactory)
    model = factory.LazyFunction(lambda: get_embedder().model)
    text_hash = factory.SelfAttribute("preprint.text_hash")

    @factory.lazy_attribute
    def vector(self):
        return get_embedder().embed([f"{self.preprint.title}\n{self.preprint.abstract}"])[0]
