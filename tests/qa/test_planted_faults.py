"""A thousand generated answers with one planted fault each, through parsing, checks, gate, record and page.

Faults that deterministic checks must catch: none may be shown, and no good statement may be dropped or
doubted beside them. What only hints can catch is measured by benchmarks/checking.py.
"""

import html
import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archive.embeddings import Embedder, get_embedder
from archive.models import Preprint
from archive.search import Hit, SearchResult
from qa import recording, runs
from qa.checking import CheckedDraft, CheckSource, check_draft
from qa.followups import choose_follow_ups
from qa.gating import GateDecision, decide
from qa.models import Answer, AnswerRun
from qa.statements import Draft, parse_output
from qa.wording import squash
from qa.writing import Written
from tests.factories import PreprintFactory
from tests.qa.factories import QuestionFactory
from tests.qa.planting import FAULTS, FIGURED, PLACES, Planted, plant

STARTER = Path(__file__).resolve().parents[2] / "archive" / "data" / "starter_archive.jsonl"
KINDS = ["", "source", *FAULTS, *PLACES]
PARTS, ANSWERS_A_PART = 10, 100
QUESTION = "What do these preprints report?"
TAG = re.compile(r"<[^>]+>")


class Remembering:
    """The real embedder, which embeds no text twice."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder, self.model, self.known = embedder, embedder.model, {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        for text in set(texts) - self.known.keys():
            self.known[text] = self.embedder.embed([text])[0]
        return np.array([self.known[text] for text in texts])


@pytest.fixture(scope="module")
def embedder() -> Remembering:
    return Remembering(get_embedder())


@pytest.fixture
def archive(db) -> dict[str, Preprint]:
    """Real abstracts and the three that are full of figures, by identifier."""
    rows = [json.loads(line) for line in STARTER.read_text(encoding="utf-8").splitlines()[:9]]
    made = [PreprintFactory(title=row["title"], abstract=row["abstract"]) for row in rows]
    made += [PreprintFactory(title=one.title, abstract=one.abstract) for one in FIGURED]
    return {preprint.identifier: preprint for preprint in made}


def pool_of(archive: dict[str, Preprint]) -> list[CheckSource]:
    """The archive as sources; the abstracts with figures four times as likely as the others."""
    sources = [CheckSource(0, one.identifier, one.title, one.abstract) for one in archive.values()]
    return [*sources, *(replace(one) for one in sources[-len(FIGURED) :] for _ in range(3))]


def plant_some(pool: Sequence[CheckSource], part: int) -> list[Planted]:
    """A hundred answers, each kind of fault as often as the others."""
    chance = random.Random(part)
    planted: list[Planted] = []
    while len(planted) < ANSWERS_A_PART:
        made = plant(pool, chance, fault=KINDS[len(planted) % len(KINDS)])
        if made and len({source.identifier for source in made.sources}) == len(made.sources):
            planted.append(made)
    return planted


def publish(
    one: Planted, draft: Draft, checked: CheckedDraft, archive: dict[str, Preprint], embedder: Embedder
) -> Answer:
    """The answer as the pipeline records what the gate lets through."""
    question = QuestionFactory()
    runs.open_run(question, AnswerRun.Reason.ASKED)
    lease = runs.claim(question.runs.get().pk)
    assert lease
    preprints = [archive[source.identifier].pk for source in one.sources]
    hits = [Hit(archive[source.identifier], source.number, 0.5, 0.5) for source in one.sources]
    return recording.record_answer(
        lease,
        recording.Record(
            SearchResult(hits=hits),
            hits,
            Written(draft, "openai/gpt-4.1-mini", "gpt-4.1-mini", "1"),
            checked,
            GateDecision(publish=True, reasons=[]),
            choose_follow_ups(
                question, preprint_ids=preprints, suggestions=draft.follow_ups, dropped=[], embedder=embedder
            ),
            {},
        ),
    )


def text_of(page: str) -> str:
    """What a page says, in the form in which quotations are compared."""
    return squash(html.unescape(TAG.sub("", page)))


@pytest.mark.parametrize("part", range(PARTS))
def test_planted_faults_reach_no_page_and_harm_no_good_statement(part, archive, embedder, client):
    pages = 0
    for one in plant_some(pool_of(archive), part):
        draft = parse_output(one.output, source_count=len(one.sources))
        checked = check_draft(draft, one.sources, question=QUESTION, is_quotation=False, embedder=embedder)
        expect_good_ones_stand(one, checked)
        decision = decide(draft, checked)
        if not one.fault:
            assert decision.reasons == []
        if not decision.publish:
            continue
        answer = publish(one, draft, checked, archive, embedder)
        expect_fault_is_not_shown(one, draft, answer.html)
        pages += 1
        if pages % 10 == 1 or one.fault == "follow-up":
            body = client.get(answer.question.get_absolute_url()).content.decode()
            expect_fault_is_not_shown(one, draft, body[body.index("<article") : body.index("</article>")])
    assert pages >= ANSWERS_A_PART // len(KINDS)


def expect_good_ones_stand(one: Planted, checked: CheckedDraft) -> None:
    """No good statement is dropped, called unsupported, or flagged for its figures or quotes."""
    for statement in checked.statements:
        if statement.text not in one.good:
            continue
        assert not statement.is_dropped, (statement.text, statement.reasons)
        for citation in statement.citations:
            doubts = (citation.verdict, citation.flags, statement.text)
            assert citation.verdict in ("supported", "weak"), doubts
            assert not {"numbers_differ", "quote_differs"} & set(citation.flags), doubts


def expect_fault_is_not_shown(one: Planted, draft: Draft, page: str) -> None:
    """Neither the faulty text, nor an identifier that is none of the sources, nor foreign markup."""
    if one.faulty and not is_mended(one, draft):
        assert squash(one.faulty) not in text_of(page), (one.fault, one.faulty)
    assert set(re.findall(r"AG-\d{4}\.\d{2}-\d+", page)) <= {source.identifier for source in one.sources}
    assert not re.search(r"evil\.example|<script>alert|<img|javascript:", page)


def is_mended(one: Planted, draft: Draft) -> bool:
    """Whether the parser took the fault off: a marker that names the statement's own source."""
    return one.fault == "markdown" and one.faulty not in [statement.text for statement in draft.statements]
