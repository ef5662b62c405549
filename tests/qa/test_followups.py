"""Follow-ups that a model suggests: what shows its prompt or presupposes what no source says is left out."""

import pytest

from archive.embeddings import get_embedder
from archive.indexing import embed_pending
from archive.models import Preprint
from qa.followups import choose_follow_ups
from qa.nearness import embed_question, keep_vector
from tests.factories import PreprintFactory
from tests.qa.factories import QuestionFactory, make_published_question

GOOD = "How is noise in superconducting qubits reduced by error correction?"
ABSTRACT = (
    "Noise in superconducting qubits lowers the test accuracy of variational circuits from 91.5% to 84.0%. "
    "Error mitigation restores half of the loss at three times the number of shots."
)


@pytest.fixture
def preprint(transactional_db) -> Preprint:
    made = PreprintFactory(title="Noise and error correction in superconducting qubits", abstract=ABSTRACT)
    embed_pending(10)
    return made


def chosen(preprint: Preprint, *suggestions: str) -> list[str]:
    """The texts of what is taken of the suggestions."""
    question = QuestionFactory(text="How does noise limit variational quantum circuits?")
    found = choose_follow_ups(
        question, preprint_ids=[preprint.pk], suggestions=suggestions, dropped=[], embedder=get_embedder()
    )
    return [suggestion.text for suggestion in found]


@pytest.mark.parametrize(
    "suggestion",
    [
        GOOD,
        "How much of the loss does error mitigation restore in noisy circuits?",
        "Why does noise in superconducting qubits cut the test accuracy to 84.0%?",
        "Which sources of noise limit superconducting qubits?",
    ],
)
def test_choose_follow_ups_takes_a_question_that_the_sources_bear_out(preprint, suggestion):
    assert chosen(preprint, suggestion) == [suggestion]


@pytest.mark.parametrize(
    "suggestion",
    [
        "What do the provided sources say about noise in qubits?",
        "How does the context describe noise in superconducting qubits?",
        "What does Source 3 say about noise in qubits?",
        "What does the retrieved abstract say about noise in qubits?",
        "Why did Professor Nobody fake 99% of the data on qubits?",
        "Why did Professor Nobody fake the data on qubits?",
        "Why does noise in superconducting qubits cut the test accuracy to 48.0%?",
        "How does error mitigation restore a quarter of the loss in qubits?",
    ],
)
def test_choose_follow_ups_leaves_out_the_prompt_and_what_is_presupposed(preprint, suggestion):
    assert chosen(preprint, suggestion, GOOD) == [GOOD]


def test_choose_follow_ups_leads_to_a_published_question_in_other_words(preprint):
    """The published one is about nothing near the question, so that only the suggestion can lead to it."""
    asked = "How does error correction affect superconducting qubits?"
    published = make_published_question(text=asked)
    keep_vector(published, embed_question(asked))
    question = QuestionFactory(text="Which foods do polar bears eat in winter?")
    found = choose_follow_ups(
        question,
        preprint_ids=[preprint.pk],
        suggestions=["What is the effect of error correction on superconducting qubits?"],
        dropped=[],
        embedder=get_embedder(),
    )
    assert [one.target for one in found] == [published]
