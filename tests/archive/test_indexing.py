import threading

import pytest
from django.db import connection, transaction

from archive import tasks
from archive.embeddings import EmbedderUnavailable
from archive.indexing import claim, embed_pending, embed_preprints
from archive.models import Embedding, Preprint
from tests.factories import PreprintFactory

pytestmark = pytest.mark.django_db


def test_pending_preprints_are_embedded_once() -> None:
    PreprintFactory.create_batch(20)
    assert embed_pending(12) == 12
    assert embed_pending(100) == 8
    assert embed_pending(100) == 0
    assert Embedding.objects.count() == 20


def test_changed_text_needs_a_new_vector() -> None:
    preprint = PreprintFactory()
    embed_pending(10)
    Preprint.objects.filter(pk=preprint.pk).update(abstract="Changed.", text_hash="0" * 64)
    assert list(Preprint.objects.needs_embedding("local/all-MiniLM-L6-v2")) == [preprint]
    assert embed_pending(10) == 1
    assert Embedding.objects.get().text_hash == "0" * 64


def test_withdrawn_preprints_are_not_embedded() -> None:
    PreprintFactory(withdrawn_on="2024-01-01")
    assert embed_pending(10) == 0


def test_change_of_model_fills_new_vectors_beside_the_old() -> None:
    preprint = PreprintFactory()
    Embedding.objects.create(
        preprint=preprint, model="other/model", vector=[0.0] * 8, text_hash=preprint.text_hash
    )
    assert embed_pending(10) == 1
    assert set(Embedding.objects.values_list("model", flat=True)) == {"other/model", "local/all-MiniLM-L6-v2"}


def test_without_a_model_nothing_is_done_and_the_task_survives(settings) -> None:
    PreprintFactory()
    settings.EMBEDDING_MODEL = "local/none"
    with pytest.raises(EmbedderUnavailable):
        embed_pending(10)
    tasks.embed_pending()
    assert not Embedding.objects.exists()


def test_embedding_none_is_no_error() -> None:
    assert embed_preprints([]) == 0


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_embed_no_preprint_twice() -> None:
    PreprintFactory.create_batch(60, authors=())
    done: list[int] = []

    def work() -> None:
        try:
            done.append(embed_pending(60))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert sum(done) == Embedding.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_holds_is_skipped() -> None:
    PreprintFactory.create_batch(4, authors=())
    held: list[int] = []
    has_claimed, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                held.extend(preprint.pk for preprint in claim("local/all-MiniLM-L6-v2", 3)[0])
                has_claimed.set()
                may_end.wait(timeout=60)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert has_claimed.wait(timeout=60)
    assert embed_pending(10) == 1
    may_end.set()
    thread.join(timeout=60)
    assert embed_pending(10) == 3
    assert len(held) == 3
