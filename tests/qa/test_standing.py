"""Standing questions: tried again for new preprints only, shown as gaps only when a curator lists them."""

import pytest

from archive.indexing import embed_pending
from qa import publishing, standing
from qa.models import AnswerRun, Question
from qa.submission import submit_question
from tests.factories import PreprintFactory
from tests.qa.asking import run_once
from tests.qa.factories import make_published_question, make_unanswerable_question

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "How do squeezed states improve gravitational wave detectors?"
ABSTRACT = (
    "Squeezed states of light improve gravitational wave detectors. In the detector, squeezed vacuum lowers "
    "the shot noise by 6 dB and raises the range for binary neutron stars by 40 %."
)


@pytest.fixture
def asked() -> Question:
    """A question that an archive of other preprints could not answer."""
    PreprintFactory.create_batch(3)
    embed_pending(10)
    question = submit_question(TEXT, asker="somebody").question
    run_once(question)
    assert question.state == Question.State.UNANSWERABLE
    return question


def test_sweep_waits_while_nothing_new_bears_on_the_question(asked):
    assert standing.sweep() == 0
    PreprintFactory(
        title="Leaves of oak", abstract="Oak leaves turn brown in autumn. We count them in a park."
    )
    embed_pending(10)

    assert standing.sweep() == 0
    asked.refresh_from_db()
    assert (asked.state, asked.searched_at is not None) == (Question.State.UNANSWERABLE, True)
    assert not standing.due().exists()


def test_new_preprint_that_bears_on_it_starts_one_run_and_answers_it(asked):
    PreprintFactory(title="Squeezed states in gravitational wave detectors", abstract=ABSTRACT)
    embed_pending(10)

    assert (standing.sweep(), standing.sweep()) == (1, 0)
    run = AnswerRun.objects.open().get()
    assert (run.question, run.reason) == (asked, AnswerRun.Reason.RETRIED)
    run_once(asked)
    assert asked.state == Question.State.PUBLISHED


def test_retries_leave_half_of_the_queue_to_askers(asked, settings):
    PreprintFactory(title="Squeezed states in gravitational wave detectors", abstract=ABSTRACT)
    embed_pending(10)
    settings.MAX_OPEN_RUNS = 2
    submit_question("Why do neutrinos have mass?", asker="somebody")

    assert standing.sweep() == 0
    settings.MAX_OPEN_RUNS = 4
    assert standing.sweep() == 1


def test_gaps_show_only_what_a_curator_listed_and_is_still_open(client):
    listed, unlisted = make_unanswerable_question(), make_unanswerable_question()
    publishing.list_gap(listed, is_listed=True)

    page = client.get("/gaps").content.decode()

    assert "2 questions" in " ".join(page.split())
    assert listed.text in page
    assert unlisted.text not in page
    publishing.list_gap(listed, is_listed=False)
    assert listed.text not in client.get("/gaps").content.decode()
    assert client.get("/gaps/")["Location"] == "/gaps"


def test_gap_that_was_answered_or_rejected_is_gone(client):
    gone = [make_unanswerable_question() for _ in range(2)]
    for question in gone:
        publishing.list_gap(question, is_listed=True)
    publishing.reject(gone[0], "It names a private person.")
    Question.objects.filter(pk=gone[1].pk).update(state="pending")

    page = client.get("/gaps").content.decode()

    assert not [question for question in gone if question.text in page]


def test_published_question_is_no_gap():
    with pytest.raises(publishing.NotAllowed):
        publishing.list_gap(make_published_question(), is_listed=True)


@pytest.mark.parametrize("count", [1, 3])
def test_gaps_take_as_many_queries_for_three_as_for_one(client, django_assert_max_num_queries, count):
    for _ in range(count):
        publishing.list_gap(make_unanswerable_question(), is_listed=True)
    with django_assert_max_num_queries(4):
        client.get("/gaps")
