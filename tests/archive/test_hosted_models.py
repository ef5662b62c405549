"""Embedding and reranking models behind LiteLLM, played by a provider that speaks HTTP."""

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.core.management import call_command
from django.db import connection

from antigravity.celery import app as celery_app
from archive.embeddings import EmbedderUnavailable, load_embedder, load_hosted
from archive.indexing import embed_pending, embed_preprints
from archive.models import Embedding, EmbeddingModel, Preprint
from archive.search import NO_RERANKER, NO_VECTORS, search
from archive.vectors import find_indexes, serving_model
from tests.factories import PreprintFactory
from tests.fakes import Call, FakeProvider, Reply
from tests.vector_provider import give_order, give_vectors

HOSTED, LOCAL = "openai/words-1", "local/all-MiniLM-L6-v2"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "test")
    monkeypatch.setenv("JINA_AI_API_KEY", "test")
    forget_embedders()


def forget_embedders() -> None:
    """As a process that starts anew."""
    load_embedder.cache_clear()
    load_hosted.cache_clear()


def make(title: str, abstract: str = "") -> Preprint:
    return PreprintFactory(title=title, abstract=abstract or f"About {title.lower()}.", authors=())


def test_hosted_model_embeds_and_searches(settings) -> None:
    with FakeProvider(answer=give_vectors(64)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        light, codes = make("Squeezed light"), make("Surface codes")
        assert embed_pending(10) == 2
        result = search("light that is squeezed", mode="vector")
        assert [hit.preprint for hit in result.hits] == [light, codes]
        assert result.embedding_model == HOSTED
        assert result.hits[0].similarity is None  # no calibration exists for this model
        assert {len(row.vector) for row in Embedding.objects.all()} == {64}


def test_other_dimensions_than_before_are_refused_in_words(settings) -> None:
    with FakeProvider(answer=give_vectors(64)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        make("Squeezed light")
        embed_pending(10)
        forget_embedders()
        provider.answer = give_vectors(32)
        make("Surface codes")
        with pytest.raises(EmbedderUnavailable, match=r"32 dimensions, .* archive have 64"):
            embed_pending(10)
        assert Embedding.objects.count() == 1


def test_text_that_a_provider_refuses_keeps_no_other_from_its_vector(settings) -> None:
    def refuse(call: Call) -> Reply:
        is_bad = any("forbidden" in text for text in call.body["input"])
        return Reply(status=400, body=b'{"error": {"message": "no"}}') if is_bad else give_vectors(64)(call)

    with FakeProvider(answer=refuse) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        EmbeddingModel.objects.create(name="local/former", dimensions=8, completed_at="2026-01-01T00:00Z")
        older = make("Squeezed light")
        by_title = make("Surface codes", abstract="A forbidden abstract.")
        make("A forbidden title")
        newer = make("Photon counting")
        assert embed_pending(10) == 3
        held = set(Embedding.objects.values_list("preprint", flat=True))
        assert held == {older.pk, by_title.pk, newer.pk}
        assert serving_model() == HOSTED  # a text that it never takes does not keep it waiting
        assert embed_pending(10) == 0  # it is tried again, and stops nothing


def test_provider_that_is_away_is_not_asked_for_each_text(settings) -> None:
    with FakeProvider(answer=give_vectors(64)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        load_embedder(HOSTED)
        provider.answer = lambda call: Reply(status=500)
        for number in range(5):
            make(f"Squeezed light {number}")
        with pytest.raises(EmbedderUnavailable):
            embed_pending(10)
        assert len(provider.calls) <= 3


def test_dimensions_that_change_in_mid_run_are_refused(settings) -> None:
    with FakeProvider(answer=give_vectors(64)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        embedder = load_embedder(HOSTED)
        provider.answer = give_vectors(32)
        with pytest.raises(EmbedderUnavailable, match="32 dimensions after 64"):
            embedder.embed(["text"])


def test_too_many_dimensions_for_an_index_are_refused_in_words(settings) -> None:
    with FakeProvider(answer=give_vectors(4_001)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        make("Squeezed light")
        with pytest.raises(EmbedderUnavailable, match="at most 4000 can be indexed"):
            embed_pending(10)


def test_provider_that_fails_leaves_the_search_by_words(settings) -> None:
    with FakeProvider([Reply(status=500)]) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        light = make("Squeezed light")
        result = search("squeezed light")
        assert [hit.preprint for hit in result.hits] == [light]
        assert result.notes == [NO_VECTORS]


def test_new_model_is_filled_while_the_old_one_serves_and_then_takes_over(settings) -> None:
    first, second = make("Squeezed light"), make("Surface codes")
    embed_pending(10)
    assert serving_model() == LOCAL
    with FakeProvider(answer=give_vectors(64)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        assert embed_pending(1) == 1
        assert serving_model() == LOCAL
        assert search("squeezed light").embedding_model == LOCAL
        third = make("Photon counting")  # harvested meanwhile: found by the model that serves, first of all
        assert embed_pending(1) == 1
        assert set(third.embeddings.values_list("model", flat=True)) == {LOCAL}
        assert embed_pending(10) == 2
        assert serving_model() == HOSTED
        assert search("squeezed light").embedding_model == HOSTED
        for preprint in (first, second, third):
            assert set(preprint.embeddings.values_list("model", flat=True)) == {LOCAL, HOSTED}


def test_going_back_to_a_complete_model_needs_no_new_vectors(settings) -> None:
    make("Squeezed light")
    embed_pending(10)
    with FakeProvider(answer=give_vectors(64)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        embed_pending(10)
        settings.EMBEDDING_MODEL = LOCAL
        assert serving_model() == LOCAL
        assert embed_pending(10) == 0


def test_former_model_that_is_gone_does_not_stop_the_new_one(settings) -> None:
    make("Squeezed light")
    EmbeddingModel.objects.create(name="local/gone", dimensions=8, completed_at="2026-01-01T00:00Z")
    assert embed_pending(10) == 1
    assert serving_model() == LOCAL


@pytest.mark.django_db(transaction=True)
def test_index_of_a_new_model_is_made_while_the_site_goes_on(settings, capsys) -> None:
    make("Squeezed light")
    with FakeProvider(answer=give_vectors(64)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        embed_pending(10)
        call_command("build_vector_index")
        assert "made; it serves" in capsys.readouterr().out
        assert [is_valid for _, is_valid in find_indexes(HOSTED)] == [True]
        call_command("build_vector_index")
        assert "was there already" in capsys.readouterr().out
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("2s",)  # as for every other statement again
        settings.EMBEDDING_MODEL = LOCAL
        embed_pending(10)
        call_command("build_vector_index", forget=HOSTED)
        assert "1 vectors of openai/words-1 deleted" in capsys.readouterr().out
        assert find_indexes(HOSTED) == []
        assert set(Embedding.objects.values_list("model", flat=True)) == {LOCAL}


@pytest.mark.django_db(transaction=True)
def test_processes_side_by_side_embed_no_preprint_twice() -> None:
    for number in range(30):
        make(f"Squeezed light {number}")
    command = [sys.executable, "manage.py", "embed_pending", "--skip-checks"]
    running = [subprocess.Popen(command, env=process_environment(), stdout=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=300)[0].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert sum(int(words.split()[0]) for words in said) == 30
    assert Embedding.objects.filter(model=LOCAL).count() == 30
    assert not Preprint.objects.needs_embedding(LOCAL).exists()


def process_environment() -> dict[str, str]:
    """What a process needs to work on the database of the tests."""
    address = urlsplit(os.environ["DATABASE_URL"])
    name = connection.settings_dict["NAME"]
    return os.environ | {"DATABASE_URL": urlunsplit(address._replace(path=f"/{name}"))}


@pytest.fixture
def worker(settings) -> Celery:
    """A worker in a thread that takes questions of web processes."""
    celery_app.conf.broker_url = settings.REDIS_URL
    with start_worker(celery_app, queues=["queries"], perform_ping_check=False, pool="solo"):
        yield celery_app


@pytest.mark.django_db(transaction=True)
def test_web_process_has_a_worker_ask_the_hosted_model(settings, worker) -> None:
    with FakeProvider(answer=give_vectors(64)) as provider:
        settings.EMBEDDING_MODEL, settings.EMBEDDING_API_BASE = HOSTED, provider.openai_base
        light, codes = make("Squeezed light"), make("Surface codes")
        embed_preprints([light, codes])
        forget_embedders()
        settings.IS_WEB_PROCESS, settings.EMBEDDING_WAIT_SECONDS = True, 60.0
        result = search("light that is squeezed", mode="vector")
        assert [hit.preprint for hit in result.hits] == [light, codes]
        assert result.notes == []


def test_web_process_without_a_worker_searches_by_words_and_says_so(settings) -> None:
    settings.EMBEDDING_MODEL, settings.IS_WEB_PROCESS = HOSTED, True
    light = make("Squeezed light")
    result = search("squeezed light")
    assert [hit.preprint for hit in result.hits] == [light]
    assert result.notes == [NO_VECTORS]


def test_reranker_puts_the_best_hits_in_its_order(settings) -> None:
    first, second = make("Squeezed light in cavities", "Squeezed light."), make("Light", "Squeezed by codes.")
    embed_preprints([first, second])
    usual = search("squeezed light?")
    assert [hit.preprint for hit in usual.hits] == [first, second]
    with FakeProvider(answer=give_order("codes")) as provider:
        settings.RERANK_MODEL, settings.RERANK_API_BASE = "jina_ai/order-1", provider.openai_base
        result = search("squeezed light?")
        assert [(hit.preprint, hit.rank) for hit in result.hits] == [(second, 1), (first, 2)]
        assert result.settings["reranker"] == "jina_ai/order-1"
        assert {hit.preprint: hit.similarity for hit in result.hits} == {
            hit.preprint: hit.similarity for hit in usual.hits
        }
        assert result.notes == []


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(body=b"{}"), Reply(body=b'{"results": []}')])
def test_reranker_that_fails_leaves_the_usual_order_and_a_note(settings, reply: Reply) -> None:
    first = make("Squeezed light in cavities")
    embed_preprints([first])
    with FakeProvider([reply]) as provider:
        settings.RERANK_MODEL, settings.RERANK_API_BASE = "jina_ai/order-1", provider.openai_base
        result = search("squeezed light?")
    assert [hit.preprint for hit in result.hits] == [first]
    assert result.notes == [NO_RERANKER]
    assert "reranker" not in result.settings


def test_reranker_whose_reply_drips_in_is_not_waited_for(settings) -> None:
    first = make("Squeezed light in cavities")
    embed_preprints([first])
    with FakeProvider(answer=give_order("codes", drip=0.05)) as provider:
        settings.RERANK_MODEL, settings.RERANK_API_BASE = "jina_ai/order-1", provider.openai_base
        result = search("squeezed light?")
        assert provider.busy, "the reply was still coming in"
    assert [hit.preprint for hit in result.hits] == [first]
    assert result.notes == [NO_RERANKER]


def test_reranker_is_not_asked_where_there_is_nothing_to_order(settings) -> None:
    with FakeProvider(answer=give_order("codes")) as provider:
        settings.RERANK_MODEL, settings.RERANK_API_BASE = "jina_ai/order-1", provider.openai_base
        assert search("squeezed light?").notes == []
        assert provider.calls == []


def test_web_process_asks_no_reranker(settings) -> None:
    make("Squeezed light")
    with FakeProvider(answer=give_order("codes")) as provider:
        settings.RERANK_MODEL, settings.RERANK_API_BASE = "jina_ai/order-1", provider.openai_base
        settings.IS_WEB_PROCESS = True
        assert len(search("squeezed light?").hits) == 1
        assert provider.calls == []
