"""Nothing that is not public leaks: every address of the site is read, and searched for what it must not say.

Each thing that is not public carries a word of its own. may_say() knows where such a word may stand: mostly
at the address that only whoever asked knows. A new route fails until ROUTES says how it is asked.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import product

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Count
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse
from django.utils import timezone

from archive.models import HarvestRun, Preprint, SetAsideRecord
from qa import publishing
from qa.freshness import sweep
from qa.mcp.tools import TOOLS
from qa.models import Answer, AnswerRun, AskQuota, Citation, FollowUp, Question, Report, Statement
from tests.factories import PreprintFactory
from tests.qa.agent import call
from tests.qa.factories import (
    AnswerRunFactory,
    QuestionFactory,
    make_answer,
    make_finished_run,
    make_published_question,
)

SHARED = "gyroscopes drift"  # in everything, so that a search that looks where it should not would find it
SEARCHES = ["?q=gyroscopes+drift", "?q=why+do+gyroscopes+drift%3F"]

# How each route is asked: the query strings that could bring something out. Its parameters are in PARAMETERS.
ROUTES: dict[str, list[str]] = {
    "healthz": [""], "readyz": [""], "robots": [""], "llms": [""], "opensearch": [""],
    "sitemap-index": [""], "sitemap": [""],
    "qa:home": [""], "qa:ask": ["", *SEARCHES], "qa:questions": ["", "?page=2"], "qa:about": [""],
    "qa:method": [""], "qa:privacy": [""], "qa:terms": [""], "qa:accessibility": [""],
    "qa:map": [""], "qa:map_points": [""], "qa:map_point": [""], "qa:quality": [""],
    "qa:corrections": ["", "?page=2"], "qa:gaps": ["", "?page=2"],
    "qa:search": [*SEARCHES, "?author=Withdrawnauthor+Zq", "?q=gyroscopes&category=quant-ph&year=2024"],
    "qa:question": [""], "qa:status": [""], "qa:version": [""], "qa:history": [""], "qa:report": [""],
    "qa:reported": [""], "qa:format": [""], "qa:version-format": [""], "qa:card": [""],
    "qa:answers-feed": [""], "qa:corrections-feed": [""], "qa:category-feed": [""],
    "qa:search-feed": SEARCHES, "qa:question-feed": [""],
    "qa:oai": ["", "?verb=Identify", "?verb=ListSets", *(
        f"?verb={verb}&metadataPrefix=oai_dc" for verb in ("ListRecords", "ListIdentifiers")
    )],
    "archive:recent": ["", "?page=2"], "archive:category": [""], "archive:list": [""], "archive:format": [""],
    "archive:preprint": ["", "?highlight=1", "?highlight=2"],
    "api-docs": [""], "schema": [""],
    "v1:api-root": [""], "v1:answers-export": [""], "v1:preprints-export": [""],
    "v1:preprint-list": ["?text=gyroscopes", "?category=quant-ph&text=drift", "?withdrawn=false"],
    "v1:preprint-detail": [""], "v1:preprint-similar": [""], "v1:preprint-questions": [""],
    "v1:search-list": [f"{one}&mode={mode}" for one in SEARCHES for mode in ("hybrid", "text", "vector")],
    "v1:question-list": [
        "", "?verdict=answered", "?category=quant-ph", "?limit=100", "?state=", "?state=all",
        *(f"?state={state}" for state in Question.State.values),
    ],
    "v1:question-suggestions": SEARCHES,
    "v1:question-detail": [""], "v1:question-status": [""], "v1:question-answers": [""],
    "v1:question-answer": [""], "v1:question-reports": [""],
    "v1:curating-publish": [""], "v1:curating-retract": [""], "v1:curating-reanswer": [""],
    "v1:curating-merge": [""],
    "without_slash": [""], "unknown_address": [""], "mcp": [""], "mcp-with-slash": [""],
}  # fmt: skip
UNNAMED = {"without_slash": ["/recent/"], "unknown_address": ["/api/v1/nothing/"]}
CLOSED = ("admin:",)  # asks everybody for a password: see the last test


@dataclass
class World:
    """What was planted: each secret word, and the slug or identifier that it belongs to."""

    secrets: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    def plant(self, word: str, owner: str = "") -> str:
        """A text with the word in it, for a field that is not public."""
        self.secrets[word] = owner
        return f"Why do {SHARED} {word}?"


def routes() -> dict[str, URLPattern]:
    """Every route of the URL conf by its full name, or by its view's where it has none."""

    def walk(patterns, namespaces) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                inner = [*namespaces, pattern.namespace] if pattern.namespace else namespaces
                yield from walk(pattern.url_patterns, inner)
            else:
                view = pattern.callback
                name = pattern.name or getattr(view, "__name__", type(view).__name__)
                yield ":".join([*namespaces, name]), pattern

    return dict(walk(get_resolver().url_patterns, []))


def parameters(world: World) -> dict[str, list[str]]:
    """What routes are asked with; `beyond` are versions further on than the first that a question has not."""
    versions = Question.objects.annotate(count=Count("answers")).values_list("slug", "count")
    return {
        "beyond": [f"{slug} {number}" for slug, count in versions for number in range(count + 2, 4)],
        "slug": list(Question.objects.values_list("slug", flat=True)),
        "identifier": list(Preprint.objects.values_list("identifier", flat=True)),
        "number": ["1", "2", "3"],
        "version": ["1", "2", "3"],
        "ending": ["md", "json", "bib", "ris", "csl.json", "atom"],
        "category": ["quant-ph", "math.AG"],
        "month": ["2024-01"],
        "section": ["pages", "questions", "preprints", "listings"],
    }


def addresses(name: str, pattern: URLPattern, values: dict[str, list[str]]) -> Iterator[tuple[str, dict]]:
    """Every address of a route with the things that were planted, and the parameters it was made of."""
    if name in UNNAMED:
        yield from ((address, {}) for address in UNNAMED[name])
        return
    wanted = list(getattr(pattern.pattern, "regex", re.compile("")).groupindex)
    assert set(wanted) <= set(values), f"say in parameters() what {name} may be asked for: {wanted}"
    for chosen in product(*(values[one] for one in wanted)):
        given = dict(zip(wanted, chosen, strict=True))
        if f"{given.get('slug')} {given.get('number') or given.get('version')}" in values["beyond"]:
            continue
        try:
            yield reverse(name, kwargs=given), given
        except NoReverseMatch:  # an ending that this route does not know
            continue


def body_of(response) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{headers}\n{content.decode(errors='replace')}"


OF_THE_ASKER = {"pendingtext", "heldtext", "unanswerabletext", "failedtext", "failederror"}
OF_THE_NOTICE = {"retractedreason"}
OF_THE_WITHDRAWN = {"withdrawntitle", "withdrawnabstract", "withdrawnreason", "withdrawnauthor"}


def may_say(word: str, owner: str, name: str, given: dict) -> bool:
    """Where a word may stand: an asker's own words at the asker's address, a notice where it belongs."""
    is_own = owner in (given.get("slug"), given.get("identifier"))
    if word in OF_THE_ASKER:
        return is_own or (word == "unanswerabletext" and name == "qa:gaps")
    if word in OF_THE_NOTICE:
        return is_own or name in {"qa:corrections", "qa:corrections-feed", "v1:question-list"}
    return word in OF_THE_WITHDRAWN and is_own


def make_public_question(**fields) -> Question:
    """A published question that rests on one preprint: each costs a dozen requests."""
    return make_published_question(preprints=[PreprintFactory()], cited=1, **fields)


def plant_questions(world: World) -> None:
    """A question in every state that is not public, with everything that hangs on it."""
    pending = QuestionFactory()
    held, failed, unanswerable = (
        QuestionFactory(state=state) for state in ("held", "failed", "unanswerable")
    )
    for state, question in (
        ("pending", pending),
        ("held", held),
        ("failed", failed),
        ("unanswerable", unanswerable),
    ):
        question.text = world.plant(f"{state}text", question.slug)
        question.save()
    AnswerRunFactory(question=pending)
    plant_answer(world, "held", held, Answer.State.HELD)
    make_finished_run(unanswerable, AnswerRun.Outcome.UNANSWERABLE)
    error = world.plant("failederror", failed.slug)
    AnswerRunFactory(question=failed, state="failed", error=error, error_code="x", finished_at=timezone.now())
    closed = timezone.now()
    QuestionFactory(
        state="rejected",
        text=world.plant("rejectedtext"),
        reason=world.plant("rejectedreason"),
        closed_at=closed,
    )
    QuestionFactory(
        state="merged",
        text=world.plant("mergedtext"),
        closed_at=closed,
        merged_into=make_public_question(),
    )


def plant_answer(world: World, word: str, question: Question, state: str) -> Answer:
    """An answer with a word of its own in every field that a page could show."""
    answer = make_answer(
        question,
        state=state,
        statements=1,
        preprints=[PreprintFactory()],
        cited=1,
        verdict="partial",
        gap=world.plant(f"{word}gap"),
        limits=world.plant(f"{word}limits"),
        change_reason=world.plant(f"{word}change"),
    )
    if state == Answer.State.HELD:
        answer.hold_reasons = [world.plant(f"{word}holdreason")]
    answer.html = f"<p>{world.plant(f'{word}html')}</p>"
    answer.save()
    Statement.objects.filter(answer=answer).update(
        text=world.plant(f"{word}statement"), heading=world.plant(f"{word}heading")
    )
    Citation.objects.filter(answer=answer).update(
        evidence=world.plant(f"{word}evidence"), reasons=[world.plant(f"{word}reasons")]
    )
    FollowUp.objects.filter(answer=answer).update(text=world.plant(f"{word}followup"))
    return answer


def plant_published(world: World) -> None:
    """A published question with all that is not public about it: drafts, dropped claims, staff, reports."""
    question = make_public_question(text=f"Do {SHARED} openly?", statements=2)
    answer = question.published_answer
    dropped = answer.statements.get(position=1)
    dropped.text, dropped.is_dropped = world.plant("droppedtext"), True
    dropped.reasons = [world.plant("droppedreason")]
    dropped.save()
    dropped.citations.update(evidence=world.plant("droppedevidence"), reasons=[world.plant("droppedcheck")])
    answer.published_by = get_user_model().objects.create(username="staffname", email="staffname@example.org")
    answer.hold_reasons = [world.plant("formerholdreason")]
    answer.save()
    world.secrets["staffname"] = ""
    plant_answer(world, "draft", question, Answer.State.HELD)
    plant_answer(world, "discarded", question, Answer.State.DISCARDED)
    AnswerRunFactory(
        question=question,
        state="failed",
        error=world.plant("rerunerror"),
        finished_at=timezone.now(),
    )
    Report.objects.create(question=question, kind="claim", text=world.plant("reporttext"))
    Report.objects.create(
        question=question, kind="other", text=world.plant("reportclosed"), note=world.plant("reportnote"),
        state="resolved", resolved_at=timezone.now(),
    )  # fmt: skip
    world.shown["published"] = question.slug


def plant_retracted(world: World) -> None:
    """A question that was public and is no longer, also as somebody else's follow-up."""
    question = make_public_question(text=world.plant("retractedtext"))
    plant_answer(world, "retractedheld", question, Answer.State.HELD)
    Answer.objects.filter(question=question, state="published").update(
        html=f"<p>{world.plant('retractedhtml')}</p>", limits=world.plant("retractedlimits")
    )
    before = FollowUp.objects.filter(answer__question__slug=world.shown["published"], position=0)
    before.update(text=world.plant("retractedfollowup"), target=question)
    world.secrets["retractedreason"] = question.slug
    publishing.retract(question, "retractedreason: it names a person.")
    world.shown["retracted"] = question.slug


def plant_archive(world: World) -> None:
    """A withdrawn preprint, and what a harvest set aside; a published answer cites another withdrawn one."""
    withdrawn = PreprintFactory(authors=["Withdrawnauthor Zq"], primary_category="math.AG")
    withdrawn.title = world.plant("withdrawntitle", withdrawn.identifier)
    withdrawn.abstract = world.plant("withdrawnabstract", withdrawn.identifier)
    withdrawn.withdrawn_on = date(2026, 5, 9)
    withdrawn.withdrawal_reason = world.plant("withdrawnreason", withdrawn.identifier)
    withdrawn.save()
    world.secrets["Withdrawnauthor"] = withdrawn.identifier
    OF_THE_WITHDRAWN.add("Withdrawnauthor")
    run = HarvestRun.objects.create(
        source="x", state="failed", error=world.plant("harvesterror"), finished_at=timezone.now()
    )
    SetAsideRecord.objects.create(run=run, reason=world.plant("asidereason"), raw=world.plant("asideraw"))
    AskQuota.objects.create(asker="askerhash", window="hour:2026112311", asked=3)
    world.secrets["askerhash"] = ""
    cited = PreprintFactory()
    question = make_published_question(preprints=[cited], cited=1)
    Preprint.objects.filter(pk=cited.pk).update(withdrawn_on=date(2026, 5, 9), updated_at=timezone.now())
    sweep()
    world.shown["overtaken"] = question.slug


@pytest.fixture
def world(db) -> World:
    planted = World()
    plant_questions(planted)
    plant_published(planted)
    plant_retracted(planted)
    plant_archive(planted)
    return planted


def test_every_route_is_listed():
    """A new route is read for leaks as soon as ROUTES says how it is asked."""
    known = {name for name in routes() if not name.startswith(CLOSED)}
    assert known - set(ROUTES) == set(), (
        "list these in ROUTES, with query strings that could bring something out"
    )
    assert set(ROUTES) - known == set()


def test_nothing_that_is_not_public_is_said_anywhere(world):
    client, values, found, read = Client(raise_request_exception=True), parameters(world), routes(), 0
    leaks = []
    for name, queries in ROUTES.items():
        for address, given in addresses(name, found[name], values):
            for query in queries:
                text = body_of(client.get(f"{address}{query}"))
                read += 1
                for word, owner in world.secrets.items():
                    is_echo = word in query
                    if word in text and not is_echo and not may_say(word, owner, name, given):
                        leaks.append((f"{address}{query}", word))
    assert leaks == []
    assert read > 300
    assert len(world.secrets) > 50


def tool_calls(world: World) -> Iterator[tuple[str, dict, dict]]:
    """Every tool of /mcp with the things that were planted, its arguments, and what they name."""
    for slug in Question.objects.values_list("slug", flat=True):
        for version in (None, 1, 2, 3):
            yield "get_answer", {"question": slug, "version": version}, {"slug": slug}
    for identifier in Preprint.objects.values_list("identifier", flat=True):
        yield "get_preprint", {"identifier": identifier}, {"identifier": identifier}
    for query in (SHARED, f"Why do {SHARED}?", "Withdrawnauthor Zq"):
        yield "search_preprints", {"query": query, "limit": 50}, {}
        yield "search_answers", {"query": query, "limit": 20}, {}
        yield "ask", {"question": f"Why do {SHARED} at night?"}, {}


def test_nothing_that_is_not_public_is_said_to_agents(world):
    client, said = Client(), {}
    for tool, arguments, given in tool_calls(world):
        result = call(client, tool, **arguments)
        said[tool] = said.get(tool, 0) + (not result.get("isError"))
        text = json.dumps(result)
        leaks = [
            word
            for word, owner in world.secrets.items()
            if word in text and word not in str(arguments) and not may_say(word, owner, tool, given)
        ]
        assert leaks == [], (tool, arguments)
    assert set(said) == set(TOOLS)
    assert min(said.values()) > 0


def test_notices_of_corrections_are_said_where_they_belong(world):
    def at(address: str) -> str:
        return body_of(Client().get(address))

    retracted, overtaken = world.shown["retracted"], world.shown["overtaken"]
    notice = "retractedreason: it names a person."
    for address in (
        f"/ask/{retracted}", f"/ask/{retracted}.md", f"/api/v1/questions/{retracted}/", "/corrections",
        "/feeds/corrections.atom", "/feeds/corrections.json", f"/feeds/question/{retracted}.json",
        "/api/v1/questions/?state=retracted",
    ):  # fmt: skip
        assert notice in at(address), address
    assert notice not in at("/api/v1/questions/")
    for address in (
        f"/ask/{overtaken}", f"/ask/{overtaken}.md", f"/ask/{overtaken}.bib", f"/ask/{overtaken}.ris",
        f"/ask/{overtaken}.csl.json", "/corrections", "/feeds/corrections.atom",
        f"/feeds/question/{overtaken}.atom",
    ):  # fmt: skip
        assert "withdrawn on 9 May 2026" in at(address), address
    for address in (
        f"/ask/{overtaken}.json",
        f"/api/v1/questions/{overtaken}/",
        "/api/v1/export/answers.jsonl",
    ):
        assert '"kind":"withdrawn"' in re.sub(r"\s", "", at(address)), address


def test_what_is_not_public_is_kept_by_no_proxy(world):
    """The pages of questions in every state but published, and all that depends on who asks."""
    private = Question.objects.exclude(state__in=["published", "merged", "rejected"])
    pages = [f"/ask/{one.slug}" for one in private] + [
        f"/api/v1/questions/{one.slug}/status/" for one in private
    ]
    for address in [*pages, "/", "/ask/", "/admin/login/"]:
        control = Client().get(address).headers.get("Cache-Control", "")
        assert "public" not in control, address
        assert "s-maxage" not in control, address


def test_admin_shows_nothing_without_a_password(world):
    for name, pattern in routes().items():
        if name.startswith(CLOSED) and not pattern.pattern.regex.groupindex and name.count(":") == 1:
            response = Client().get(reverse(name))
            assert response.status_code in (200, 301, 302, 403, 404, 405), name
            text = body_of(response)
            assert [word for word in world.secrets if word in text] == [], name
