"""The OAI-PMH provider as harvesters find it: one that checks every answer, and this project's own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, Self

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from archive.harvesting import take_records
from archive.models import Deletion, Preprint
from archive.records import Record, RecordAuthor
from qa import publishing
from qa.freshness import sweep
from qa.models import Question
from qa.oai_arguments import VERBS, ProtocolError, read_arguments, read_span
from qa.oai_lists import find_horizon, read_token
from tests.factories import PreprintFactory
from tests.qa.factories import (
    QuestionFactory,
    make_answer,
    make_closed_question,
    make_held_question,
    make_merged_question,
    make_published_question,
    make_unanswerable_question,
)

NAMES = {
    "oai": "http://www.openarchives.org/OAI/2.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "id": "http://www.openarchives.org/OAI/2.0/oai-identifier",
}
SCHEMA = etree.RelaxNG(file=Path(__file__).parents[1] / "data" / "oai_pmh.rng")
SITE = "http://127.0.0.1:8000"
HOSTILE = "]]> <b>&amp; \x0b\ufffe & x < 1 \U0001d4b3</dc:title>"
PAGE = 200
LIMITS = "No source reports figures for megapixel images."  # of every answer that make_answer() makes


@dataclass
class Listed:
    """A record as a harvester sees it."""

    identifier: str
    datestamp: str
    is_deleted: bool
    sets: list[str]
    elements: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, node: Any) -> Self:
        header = node if node.tag.endswith("}header") else node.find("oai:header", NAMES)
        elements: dict[str, list[str]] = {}
        for element in node.iterfind("oai:metadata/*/dc:*", NAMES):
            elements.setdefault(etree.QName(element).localname, []).append(element.text)
        return cls(
            identifier=header.findtext("oai:identifier", namespaces=NAMES),
            datestamp=header.findtext("oai:datestamp", namespaces=NAMES),
            is_deleted=header.get("status") == "deleted",
            sets=[one.text for one in header.iterfind("oai:setSpec", NAMES)],
            elements=elements,
        )


class Harvester:
    """An independent client: it believes the protocol alone, and checks every answer against the schema."""

    def __init__(self, *, method: str = "get") -> None:
        self.client = Client()
        self.method = method
        self.began = ""  # responseDate of a list's first page
        self.token: Any = None  # the last page's

    def ask(self, **arguments: str) -> Any:
        arguments = {name.rstrip("_"): value for name, value in arguments.items()}
        response = getattr(self.client, self.method)("/oai", arguments)
        assert (response.status_code, response["Content-Type"]) == (200, "text/xml; charset=utf-8")
        root = etree.fromstring(response.content)
        SCHEMA.assertValid(root)
        return root

    def error(self, **arguments: str) -> str | None:
        """The code of the error that a request is answered by."""
        return next((one.get("code") for one in self.ask(**arguments).iterfind("oai:error", NAMES)), None)

    def pages(self, verb: str = "ListRecords", **arguments: str) -> Iterator[list[Listed]]:
        given = {"metadataPrefix": "oai_dc", **arguments}
        self.began = ""
        while given:
            root = self.ask(verb=verb, **given)
            if root.find("oai:error[@code='noRecordsMatch']", NAMES) is not None:
                return
            self.began = self.began or root.findtext("oai:responseDate", namespaces=NAMES)
            [listing] = root.findall(f"oai:{verb}", NAMES)
            yield [Listed.read(node) for node in listing if not node.tag.endswith("}resumptionToken")]
            self.token = listing.find("oai:resumptionToken", NAMES)
            is_over = self.token is None or not self.token.text
            given = {} if is_over else {"resumptionToken": self.token.text}

    def list(self, verb: str = "ListRecords", **arguments: str) -> dict[str, Listed]:
        """All records of a list by the end of their identifiers; each must come once. {} for no match."""
        records = [record for page in self.pages(verb, **arguments) for record in page]
        found = {record.identifier.removeprefix("oai:127.0.0.1:"): record for record in records}
        assert len(found) == len(records)
        return found


AUTHORS = ["Ludwig van Beethoven", "CMS Collaboration", "Martin Luther King Jr."]
COPIED = [
    "title",
    "abstract",
    "categories",
    "primary_category",
    "submitted_on",
    "revised_on",
    "doi",
    "comments",
    "licence",
    "language",
]


NAMED = ["identifier", "metadataPrefix", "set", "from", "until", "resumptionToken", "x"]
VALUES = st.text(max_size=12) | st.sampled_from(["oai_dc", "2024-02-30", "9999-12-31", "a:b", "W10:x", "::"])


def run_harvest(*arguments: str) -> str:
    """What `manage.py harvest` says."""
    out = StringIO()
    call_command("harvest", *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def harvester() -> Harvester:
    return Harvester()


def name_of(question: Question) -> str:
    return f"ask/{question.slug}"


def load_preprints(count: int, **fields: Any) -> list[Preprint]:
    """Many preprints, by the door that harvests come through."""
    records = [
        Record(
            source_id=f"2402.{number:05d}",
            title=rf"Erd\H{{o}}s & the $\alpha<{number}$ case",
            abstract=f"Number {number} is < {number + 1} & holds.",
            authors=tuple(map(RecordAuthor, AUTHORS)),
            categories=("quant-ph", "cs.LG") if number % 10 else ("math.AG",),
            submitted_on=date(2024, 2, 1),
            revised_on=date(2024, 3, 5),
            version=2,
            doi=f"10.1000/{number}",
            comments="12 pages",
            licence="https://creativecommons.org/licenses/by/4.0/",
            datestamp=date(2024, 3, 6),
            withdrawal_reason="This paper has been withdrawn." if number % 50 == 7 else "",
            **fields,
        )
        for number in range(count)
    ]
    taken = take_records(records, is_indexed=False)
    assert taken.created == count
    return list(Preprint.objects.order_by("pk"))


class TestArguments:
    """What is wrong with a request before any record is looked for."""

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("", "badVerb"),
            ("verb=", "badVerb"),
            ("verb=listRecords", "badVerb"),
            ("verb=Identify&verb=Identify", "badVerb"),
            ("verb=Identify&set=preprints", "badArgument"),
            ("verb=Identify&x=1", "badArgument"),
            ("verb=ListRecords", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x", "badArgument"),
            ("verb=GetRecord&metadataPrefix=oai_dc", "badArgument"),
            ("verb=GetRecord&identifier=oai:a:b", "badArgument"),
            ("verb=GetRecord&metadataPrefix=oai_dc&resumptionToken=x", "badArgument"),
            ("verb=GetRecord&metadataPrefix=oai_dc&identifier=not%20a%22uri", "badArgument"),
            ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:a:%00", "badArgument"),
            ("verb=GetRecord&metadataPrefix=oai dc&identifier=oai:a:b", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&set=a::b", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&set=", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2024", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-02-30", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=0000-01-01", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-02-03T12:00Z", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&until=2024-02-03T12:00:00", "badArgument"),
            (
                "verb=ListRecords&metadataPrefix=oai_dc&from=2024-02-01&until=2024-02-03T12:00:00Z",
                "badArgument",
            ),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-02-04&until=2024-02-03", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=%D9%A2024-02-03", "badArgument"),
            (f"verb=ListRecords&resumptionToken={'x' * 3_000}", "badArgument"),
            ("verb=ListRecords&metadataPrefix=arXiv", "cannotDisseminateFormat"),
            ("verb=GetRecord&metadataPrefix=arXiv&identifier=oai:a:b", "cannotDisseminateFormat"),
            (
                "verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:other.org:AG-2024.01-001",
                "idDoesNotExist",
            ),
            (
                "verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:127.0.0.1:ag-2024.01-001",
                "idDoesNotExist",
            ),
            (
                "verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:127.0.0.1:ask/abcdefghij",
                "idDoesNotExist",
            ),
            ("verb=ListMetadataFormats&identifier=oai:127.0.0.1:AG-2024.01-001", "idDoesNotExist"),
            ("verb=ListRecords&metadataPrefix=oai_dc", "noRecordsMatch"),
            ("verb=ListIdentifiers&metadataPrefix=oai_dc&set=nothing", "noRecordsMatch"),
            ("verb=ListRecords&resumptionToken=x", "badResumptionToken"),
            ("verb=ListRecords&resumptionToken=%00%EF%BF%BE:x", "badResumptionToken"),
            ("verb=ListSets&resumptionToken=x", "badResumptionToken"),
            ("&".join(f"a{number}=1" for number in range(101)), "badVerb"),
        ],
    )
    def test_wrong_request_is_answered_by_the_protocols_error(self, db, client, query, code):
        response = client.get(f"/oai?{query}")
        assert response.status_code == 200
        root = etree.fromstring(response.content)
        SCHEMA.assertValid(root)
        [error] = root.iterfind("oai:error", NAMES)
        assert error.get("code") == code
        assert error.text.endswith(".")
        request = root.find("oai:request", NAMES)
        assert request.text == f"{SITE}/oai"
        assert bool(request.attrib) == (code not in ("badVerb", "badArgument"))

    def test_days_and_seconds_are_included_in_until(self):
        day = read_span({"from": "2024-01-31", "until": "2024-02-29"})
        assert day == (datetime(2024, 1, 31, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC))
        second = read_span({"until": "2024-02-29T23:59:59Z"})
        assert second == (None, datetime(2024, 3, 1, tzinfo=UTC))
        assert read_span({"until": "9999-12-31"}) == (None, None)

    @given(st.lists(st.tuples(st.sampled_from(NAMED), VALUES), max_size=3), st.sampled_from(sorted(VERBS)))
    @settings(max_examples=60, deadline=None)
    def test_any_arguments_are_read_or_refused_by_the_protocols_codes(self, pairs, verb):
        try:
            arguments = read_arguments([("verb", verb), *pairs])
            read_token(arguments.get("resumptionToken", ""), verb=verb)
            code = ""
        except ProtocolError as error:
            code = error.code
        assert code in {"badVerb", "badArgument", "badResumptionToken"}  # no token is a true one

    def test_arguments_come_back_as_they_were_given(self):
        given = {
            "verb": "ListRecords",
            "metadataPrefix": "oai_dc",
            "set": "preprints:cs.LG",
            "from": "2024-01-31",
        }
        assert read_arguments(given.items()) == given
        with pytest.raises(ProtocolError) as caught:
            read_arguments([("verb", "ListRecords"), ("set", "answers")])
        assert caught.value.message == "This verb needs: metadataPrefix."


@pytest.mark.django_db
class TestAnswers:
    """What each verb tells."""

    def test_site_says_who_it_is(self, harvester, settings):
        settings.CONTACT_EMAIL = "curators@example.org"
        settings.FEED_AUTHORITY = "answers.example.org"
        preprint = PreprintFactory()
        Preprint.objects.filter(pk=preprint.pk).update(updated_at=datetime(2025, 3, 1, 12, 0, 7, tzinfo=UTC))
        make_published_question(preprints=[preprint], cited=1)
        [said] = harvester.ask(verb="Identify").iterfind("oai:Identify", NAMES)
        assert {name: said.findtext(f"oai:{name}", namespaces=NAMES) for name in (
            "repositoryName", "baseURL", "adminEmail", "earliestDatestamp", "deletedRecord", "granularity",
        )} == {
            "repositoryName": "Antigravity Q&A",
            "baseURL": f"{SITE}/oai",
            "adminEmail": "curators@example.org",
            "earliestDatestamp": "2025-03-01T12:00:07Z",
            "deletedRecord": "persistent",
            "granularity": "YYYY-MM-DDThh:mm:ssZ",
        }  # fmt: skip
        sample = said.findtext(".//id:sampleIdentifier", namespaces=NAMES)
        assert sample == "oai:answers.example.org:AG-2024.01-1576"

    def test_empty_site_says_who_it_is(self, harvester):
        root = harvester.ask(verb="Identify")
        assert root.findtext("*/oai:adminEmail", namespaces=NAMES) == "webmaster@127.0.0.1"
        assert root.findtext("*/oai:earliestDatestamp", namespaces=NAMES) == root.findtext(
            "oai:responseDate", namespaces=NAMES
        )

    def test_sets_are_those_of_the_archive(self, harvester):
        load_preprints(11)
        root = harvester.ask(verb="ListSets")
        sets = {
            one.findtext("oai:setSpec", namespaces=NAMES): one.findtext("oai:setName", namespaces=NAMES)
            for one in root.iterfind("*/oai:set", NAMES)
        }
        assert sets == {
            "preprints": "Preprints",
            "preprints:cs.LG": "Preprints: Machine Learning (cs.LG)",
            "preprints:math.AG": "Preprints: Algebraic Geometry (math.AG)",
            "preprints:quant-ph": "Preprints: Quantum Physics (quant-ph)",
            "answers": "Answered questions",
        }
        everything = harvester.list("ListIdentifiers")
        for spec in sets:
            of_set = {
                name
                for name, one in everything.items()
                if any(f"{a}:".startswith(f"{spec}:") for a in one.sets)
            }
            assert set(harvester.list("ListIdentifiers", set=spec)) == of_set, spec
        assert len(harvester.list("ListIdentifiers", set="preprints:math.AG")) == 2

    def test_preprint_is_told_in_dublin_core(self, harvester):
        [_, preprint] = load_preprints(2)
        identifier = f"oai:127.0.0.1:{preprint.identifier}"
        root = harvester.ask(verb="GetRecord", metadataPrefix="oai_dc", identifier=identifier)
        record = Listed.read(root.find("oai:GetRecord/oai:record", NAMES))
        assert record.sets == ["preprints:quant-ph", "preprints:cs.LG"]
        assert record.datestamp == f"{preprint.updated_at:%Y-%m-%dT%H:%M:%SZ}"
        assert record.elements == {
            "title": [r"Erd\H{o}s & the $\alpha<1$ case"],
            "creator": ["van Beethoven, Ludwig", "CMS Collaboration", "King, Martin Luther, Jr."],
            "subject": ["Quantum Physics", "Computer Science - Machine Learning"],
            "description": ["Number 1 is < 2 & holds.", "Comment: 12 pages"],
            "publisher": ["arXiv"],
            "date": ["2024-02-01", "2024-03-05"],
            "type": ["info:eu-repo/semantics/preprint", "Text"],
            "identifier": [f"{SITE}/abs/{preprint.identifier}", "https://doi.org/10.1000/1"],
            "source": ["https://arxiv.org/abs/2402.00001"],
            "language": ["en"],
            "rights": ["https://creativecommons.org/licenses/by/4.0/"],
        }
        formats = harvester.ask(verb="ListMetadataFormats", identifier=identifier)
        assert formats.findtext(".//oai:metadataPrefix", namespaces=NAMES) == "oai_dc"

    def test_answer_is_told_with_its_sources_and_what_became_of_them(self, harvester):
        first, second = PreprintFactory.create_batch(2)
        question = make_published_question(
            text="Does noise & x < 1 matter?", preprints=[first, second], cited=1, statements=2
        )
        question.published_answer.statements.filter(position=1).update(is_dropped=True, reasons=["x"])
        before = harvester.list(set="answers")[name_of(question)]
        assert before.elements["title"] == ["Does noise & x < 1 matter?"]
        assert before.elements["creator"] == ["Antigravity Q&A"]
        assert before.elements["description"] == [
            f"Finding 1\nNoise lowers the accuracy of circuit 0 to 84.0% [{first.identifier}].\n{LIMITS}",
            "Answered by claude-haiku-4-5-20251001, version 1; answered.",
            "This is a research aid — not a peer review. Verify sources before citing.",
        ]
        assert before.elements["source"] == [f"{SITE}/abs/{first.identifier}"]
        assert before.elements["identifier"] == [
            f"{SITE}/ask/{question.slug}",
            f"{SITE}/ask/{question.slug}/v1",
        ]
        Question.objects.update(changed_at=timezone.now() - timedelta(days=1))
        Preprint.objects.filter(pk=first.pk).update(withdrawn_on=date(2026, 5, 9))
        sweep()
        after = harvester.list(set="answers", from_=f"{timezone.now():%Y-%m-%dT00:00:00Z}")[name_of(question)]
        assert (
            after.elements["description"][2]
            == f"Outdated: {first.identifier}, a cited preprint was withdrawn."
        )
        Preprint.objects.filter(pk=first.pk).update(withdrawn_on=None)
        Question.objects.update(changed_at=timezone.now() - timedelta(days=1))
        sweep()
        last = harvester.list(set="answers", from_=f"{timezone.now():%Y-%m-%dT00:00:00Z}")[name_of(question)]
        assert last.elements == before.elements

    def test_no_text_breaks_a_document(self, harvester):
        preprint = PreprintFactory(title=HOSTILE, abstract=HOSTILE, authors=[HOSTILE[:90]])
        question = make_published_question(text=f"Why {HOSTILE}?", preprints=[preprint], cited=1, gap=HOSTILE)
        records = harvester.list()
        kept = "]]> <b>&amp;  & x < 1 \U0001d4b3</dc:title>"
        assert records[preprint.identifier].elements["title"] == [kept]
        assert records[name_of(question)].elements["title"] == [f"Why {kept}?"]

    def test_form_is_read_like_a_query_and_needs_no_token_of_the_site(self):
        PreprintFactory()
        by_form = Harvester(method="post")
        by_form.client = Client(enforce_csrf_checks=True)
        assert by_form.list() == Harvester().list() != {}
        both = by_form.client.post("/oai?verb=Identify", {"verb": "Identify"})
        assert b'code="badVerb"' in both.content
        json_body = by_form.client.post("/oai", {"verb": "Identify"}, content_type="application/json")
        assert b'code="badVerb"' in json_body.content
        for body in (b"", b"--x\r\nContent-Disposition: form-data; name\r\n\r\nnull"):
            broken = by_form.client.post("/oai", body, content_type="multipart/form-data; boundary=x")
            assert broken.status_code == 200
        in_utf_16 = "application/x-www-form-urlencoded; charset=utf-16"
        assert b'code="badVerb"' in by_form.client.post("/oai", b"verb", content_type=in_utf_16).content
        large = by_form.client.post("/oai", {"verb": "x" * 300_000})
        assert b'code="badVerb"' in large.content
        assert by_form.client.put("/oai").status_code == 405
        assert by_form.client.get("/oai/").status_code == 301

    def test_who_asks_too_often_is_to_come_back(self, client, settings):
        settings.REQUESTS_PER_MINUTE = 2
        for _ in range(2 * 2 + 1):  # a minute may end meanwhile
            response = client.get("/oai?verb=Identify", REMOTE_ADDR="203.0.113.77")
            if response.status_code == 503:
                break
        assert response.status_code == 503
        assert 0 < int(response["Retry-After"]) <= 60
        assert response["RateLimit"].startswith('"requests";r=0')
        assert response["Cache-Control"] == "no-store"
        assert response.content.startswith(b"The limit is 2 requests in a minute.")
        assert client.get("/oai?verb=Identify", REMOTE_ADDR="203.0.113.78").status_code == 200

    def test_what_a_client_holds_costs_two_queries(self, client, django_assert_max_num_queries):
        question = make_published_question(preprints=[PreprintFactory()], cited=1)
        address = "/oai?verb=ListRecords&metadataPrefix=oai_dc"
        first = client.get(address)
        assert first["Cache-Control"] == "public, max-age=0, s-maxage=60, stale-while-revalidate=30"
        assert first["X-Robots-Tag"] == "noindex"
        assert client.head(address)["ETag"] == first["ETag"]
        with django_assert_max_num_queries(2):
            assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
        publishing.hold(question.published_answer, "It names a person.")
        changed = client.get(address, headers={"If-None-Match": first["ETag"]})
        assert changed.status_code == 200
        assert b'status="deleted"' in changed.content


@pytest.mark.django_db
class TestDeletions:
    """What the public can't read any more, or never could."""

    def test_what_was_public_once_is_told_as_deleted(self, harvester):
        def public() -> Question:
            return make_published_question(preprints=[PreprintFactory()], cited=1, statements=1)

        retracted, merged, held, rejected, kept = (public() for _ in range(5))
        withdrawn = PreprintFactory(withdrawn_on=date(2026, 5, 9), primary_category="math.AG")
        yesterday = timezone.now() - timedelta(days=1)
        Question.objects.update(changed_at=yesterday)
        Preprint.objects.exclude(pk=withdrawn.pk).update(updated_at=yesterday)
        publishing.retract(retracted, "It names a person.")
        publishing.erase(retracted)
        publishing.merge(merged, kept)
        publishing.hold(held.published_answer, "It is being looked at.")
        publishing.hold(rejected.published_answer, "It is being looked at.")
        Question.objects.filter(pk=rejected.pk).update(changed_at=yesterday)
        publishing.reject(Question.objects.get(pk=rejected.pk), "It is no question.")
        gone = {name_of(one) for one in (retracted, merged, held)} | {withdrawn.identifier}

        records = harvester.list()
        deleted = {name for name, one in records.items() if one.is_deleted}
        assert deleted == gone | {name_of(rejected)}
        assert all(records[name].elements == {} for name in deleted)
        assert records[withdrawn.identifier].sets == ["preprints:math.AG"]
        since = harvester.list("ListIdentifiers", from_=f"{timezone.now():%Y-%m-%dT00:00:00Z}")
        assert set(since) == gone
        again = harvester.list(from_=f"{yesterday:%Y-%m-%d}", until=f"{yesterday:%Y-%m-%d}")
        assert name_of(rejected) in again  # it was taken down then; nothing the public knows of changed since
        identifier = f"oai:127.0.0.1:{name_of(retracted)}"
        record = harvester.ask(verb="GetRecord", metadataPrefix="oai_dc", identifier=identifier)
        assert Listed.read(record.find("*/oai:record", NAMES)).is_deleted

    def test_what_never_was_public_is_told_nowhere(self, harvester):
        target = make_published_question(preprints=[PreprintFactory()], cited=1)
        secret = [
            QuestionFactory(), make_held_question(preprints=[PreprintFactory()], cited=1),
            make_unanswerable_question(), make_closed_question("rejected"), make_merged_question(target),
        ]  # fmt: skip
        assert set(harvester.list(set="answers")) == {name_of(target)}
        for question in secret:
            identifier = f"oai:127.0.0.1:{name_of(question)}"
            assert harvester.error(verb="ListMetadataFormats", identifier=identifier) == "idDoesNotExist"

    def test_new_version_and_return_date_a_record_anew(self, harvester):
        question = make_published_question(preprints=[PreprintFactory()], cited=1)
        today = f"{timezone.now():%Y-%m-%d}"
        for change in (
            lambda: publishing.publish(
                make_answer(question, state="held", preprints=[PreprintFactory()], cited=1)
            ),
            lambda: publishing.hold(Question.objects.get().published_answer, "It is being looked at."),
            lambda: publishing.publish(question.answers.get(state="held")),
        ):
            Question.objects.update(changed_at=timezone.now() - timedelta(days=1))
            assert harvester.list(set="answers", from_=today) == {}
            change()
            assert set(harvester.list(set="answers", from_=today)) == {name_of(question)}
        assert not harvester.list(set="answers")[name_of(question)].is_deleted


@pytest.mark.django_db
class TestLists:
    """Lists of several pages, in an archive that changes meanwhile."""

    def test_changes_between_pages_skip_and_double_nothing(self, harvester):
        preprints = load_preprints(2 * PAGE + 50)
        question = make_published_question(preprints=[preprints[0]], cited=1)
        pages = harvester.pages()
        first = next(pages)
        began = harvester.began
        now = timezone.now() + timedelta(seconds=2)
        Preprint.objects.filter(pk=preprints[3].pk).update(title="Changed after it was sent", updated_at=now)
        Preprint.objects.filter(pk=preprints[300].pk).update(title="Changed before", updated_at=now)
        Preprint.objects.filter(pk=preprints[301].pk).update(withdrawn_on=date(2026, 5, 9), updated_at=now)
        new = PreprintFactory()
        second, third = pages
        records = [*first, *second, *third]
        assert [len(first), len(second), len(third)] == [PAGE, PAGE, 51]
        names = [record.identifier.removeprefix("oai:127.0.0.1:") for record in records]
        assert names == [*(one.identifier for one in preprints), name_of(question)]
        by_name = dict(zip(names, records, strict=True))
        assert by_name[preprints[300].identifier].elements["title"] == ["Changed before"]
        assert by_name[preprints[301].identifier].is_deleted
        assert (harvester.token.text, harvester.token.get("completeListSize")) == (None, "451")
        assert harvester.token.get("cursor") == "400"
        following = set(harvester.list("ListIdentifiers", from_=began))
        changed = {preprints[number].identifier for number in (3, 300, 301)}
        assert changed | {new.identifier} <= following

    def test_same_token_gives_the_same_page_to_its_own_verb_only(self, harvester):
        load_preprints(PAGE + 1)
        root = harvester.ask(
            verb="ListIdentifiers", metadataPrefix="oai_dc", set="preprints", from_="2020-01-01"
        )
        token = root.findtext(".//oai:resumptionToken", namespaces=NAMES)
        following = [harvester.ask(verb="ListIdentifiers", resumptionToken=token) for _ in range(2)]
        one, two = ([node.text for node in root.iterfind(".//oai:identifier", NAMES)] for root in following)
        assert one == two == [f"oai:127.0.0.1:{Preprint.objects.order_by('-pk').first().identifier}"]
        assert harvester.error(verb="ListRecords", resumptionToken=token) == "badResumptionToken"
        for place in (0, len(token) // 2, len(token) - 1):
            other = "A" if token[place] != "A" else "B"
            forged = token[:place] + other + token[place + 1 :]
            assert harvester.error(verb="ListIdentifiers", resumptionToken=forged) == "badResumptionToken"

    def test_list_whose_rest_is_gone_is_to_be_begun_again(self, harvester):
        load_preprints(PAGE + 1)
        until = f"{timezone.now():%Y-%m-%d}"
        root = harvester.ask(verb="ListIdentifiers", metadataPrefix="oai_dc", until=until)
        token = root.findtext(".//oai:resumptionToken", namespaces=NAMES)
        last = Preprint.objects.order_by("-pk").first()
        Preprint.objects.filter(pk=last.pk).update(updated_at=timezone.now() + timedelta(days=2))
        assert harvester.error(verb="ListIdentifiers", resumptionToken=token) == "badResumptionToken"
        assert len(harvester.list("ListIdentifiers", until=until)) == PAGE

    def test_span_holds_whole_seconds_at_both_ends(self, harvester):
        moments = [datetime(2026, 5, 9, 12, 0, 0, part, tzinfo=UTC) for part in (0, 999_999)]
        moments.append(datetime(2026, 5, 9, 12, 0, 1, tzinfo=UTC))
        names = []
        for moment in moments:
            preprint = PreprintFactory()
            Preprint.objects.filter(pk=preprint.pk).update(updated_at=moment)
            names.append(preprint.identifier)
        second = "2026-05-09T12:00:00Z"
        assert set(harvester.list(from_=second, until=second)) == set(names[:2])
        assert set(harvester.list(from_="2026-05-09T12:00:01Z")) == {names[2]}
        assert set(harvester.list(from_="2026-05-09", until="2026-05-09")) == set(names)
        assert harvester.list(until="2026-05-08") == {}
        assert {one.datestamp for one in harvester.list(until=second).values()} == {second}

    def test_queries_do_not_grow_with_the_page(self, harvester):
        def count(**arguments: str) -> int:
            with CaptureQueriesContext(connection) as queries:
                harvester.ask(verb="ListRecords", metadataPrefix="oai_dc", **arguments)
            return len(queries)

        make_published_question(preprints=[PreprintFactory()], cited=1, statements=1)
        few = count()
        for _ in range(2):
            make_published_question(preprints=PreprintFactory.create_batch(2), cited=2, statements=3)
        load_preprints(30)
        assert count() == few <= 16
        assert count(from_="2020-01-01") == few


@pytest.mark.django_db(transaction=True)
class TestHarvests:
    """What a harvester ends up with that keeps to the protocol."""

    def test_what_commits_late_is_not_missed_by_the_next_harvest(self, other_session):
        """A list says how far back it is sure of everything: the next harvest begins there."""
        preprint = PreprintFactory()
        [started] = other_session.execute(
            "UPDATE archive_preprint SET title = 'Late', updated_at = now() WHERE id = %s RETURNING now()",
            [preprint.pk],
        ).fetchone()
        harvester = Harvester()
        assert harvester.list()[preprint.identifier].elements["title"] != ["Late"]
        assert find_horizon() == started
        assert harvester.began == f"{started:%Y-%m-%dT%H:%M:%SZ}"
        other_session.commit()
        assert find_horizon() > started
        assert harvester.list(from_=harvester.began)[preprint.identifier].elements["title"] == ["Late"]

    def test_this_projects_own_harvester_takes_everything_in(self, live_server, settings):
        settings.OAI_BASE_URLS = [f"{live_server.url}/oai"]
        settings.OAI_ALLOW_PRIVATE, settings.OAI_INTERVAL_SECONDS = True, 0
        preprints = load_preprints(2 * PAGE + 50)
        make_published_question(preprints=preprints[:1], cited=1)
        about = run_harvest("--about")
        assert "records since 20" in about
        assert "by seconds; tells of deletions: persistent." in about
        said = run_harvest("preprints", "--prefix", "oai_dc")
        assert f"{2 * PAGE + 50:,} records read" in said, said
        copies = {
            one.source_id: one for one in Preprint.objects.filter(source="oai").prefetch_related("authors")
        }
        available = [one for one in preprints if not one.is_withdrawn]
        assert set(copies) == {f"oai:127.0.0.1:{one.identifier}" for one in available}
        for preprint in available:
            copy = copies[f"oai:127.0.0.1:{preprint.identifier}"]
            assert {name: getattr(copy, name) for name in COPIED} == {
                name: getattr(preprint, name) for name in COPIED
            }
            assert [author.name for author in copy.authors.all()] == AUTHORS
        assert Deletion.objects.count() == len(preprints) - len(available)
        Preprint.objects.filter(pk=preprints[0].pk).update(
            withdrawn_on=date(2026, 5, 9), updated_at=timezone.now()
        )
        said = run_harvest("preprints:math.AG", "--prefix", "oai_dc")
        copy = copies[f"oai:127.0.0.1:{preprints[0].identifier}"]
        copy.refresh_from_db()
        assert copy.is_withdrawn, said
