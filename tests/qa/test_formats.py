"""The formats beside every answer and preprint, read back by other people's programs."""

import json

import pytest
from django.utils import timezone
from markdown_it import MarkdownIt

from qa import publishing
from qa.freshness import sweep
from qa.markdown import inline_markdown, plain_markdown
from qa.models import Answer, Citation, Question, Statement
from tests.factories import PreprintFactory
from tests.qa.factories import (
    EVIDENCE,
    QuestionFactory,
    make_answer,
    make_closed_question,
    make_failed_question,
    make_held_question,
    make_merged_question,
    make_published_question,
    make_unanswerable_question,
)
from tests.reading_back import read_bibtex, read_csl, read_ris

pytestmark = pytest.mark.django_db

READERS = {"bib": read_bibtex, "ris": read_ris, "csl.json": read_csl}
ENDINGS = ["md", "json", *READERS]


def text_at(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


class TestAnswers:
    @pytest.mark.parametrize("ending", READERS)
    def test_are_cited_as_web_pages_whose_author_is_the_site(self, client, ending):
        question = make_published_question(text="What limits 5% of $\\alpha$ & noise?")

        read = READERS[ending](text_at(client, f"/ask/{question.slug}.{ending}"))

        assert read.kind == "webpage"
        assert read.authors == ["Antigravity Q&A"]
        assert read.title == "What limits 5% of $\\alpha$ & noise?"
        address = read.fields.get("url") or read.fields.get("URL") or read.fields["urls"][0]
        assert address.endswith(f"/ask/{question.slug}/v1")

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_say_which_cited_preprint_was_withdrawn(self, client, ending):
        preprints = PreprintFactory.create_batch(3)
        question = make_published_question(preprints=preprints, cited=2)
        preprints[1].withdrawn_on = timezone.datetime(2026, 5, 9).date()
        preprints[1].withdrawal_reason = "An error in Lemma 2."
        preprints[1].save()

        text = text_at(client, f"/ask/{question.slug}.{ending}")

        if ending == "json":
            assert [one["is_withdrawn"] for one in json.loads(text)["answer"]["sources"]] == [
                False,
                True,
                False,
            ]
        else:
            assert "ithdrawn on 9 May 2026" in text
            assert preprints[1].identifier in text

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_say_why_the_answer_is_outdated(self, client, ending):
        preprint = PreprintFactory()
        question = make_published_question(preprints=[preprint], cited=1)
        preprint.version, preprint.abstract, preprint.text_hash = 2, "Another abstract.", "0" * 64
        preprint.save()
        sweep()

        text = text_at(client, f"/ask/{question.slug}.{ending}")

        assert f"{preprint.identifier} was revised on" in text
        assert "no longer in its abstract" in text

    def test_versions_have_formats_of_their_own(self, client):
        question = make_published_question(model_named="first-model")
        publishing.publish(make_answer(question, state=Answer.State.HELD, model_named="second-model"))

        assert "first-model, version 1" in text_at(client, f"/ask/{question.slug}/v1.bib")
        assert "second-model, version 2" in text_at(client, f"/ask/{question.slug}/v2.bib")
        assert "second-model, version 2" in text_at(client, f"/ask/{question.slug}.bib")
        assert client.get(f"/ask/{question.slug}/v3.bib").status_code == 404

    def test_json_is_the_answer_that_the_api_gives(self, client):
        question = make_published_question()

        twin = json.loads(text_at(client, f"/ask/{question.slug}.json"))

        api = client.get(f"/api/v1/questions/{question.slug}/").json()
        assert twin["answer"] == api["answer"]
        assert twin == {name: api[name] for name in twin}

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_exist_for_what_is_published_only(self, client, ending):
        target = make_published_question()
        for hidden in (
            QuestionFactory(),
            make_held_question(),
            make_unanswerable_question(),
            make_failed_question(),
            make_closed_question(Question.State.REJECTED),
        ):
            assert client.get(f"/ask/{hidden.slug}.{ending}").status_code == 404

        merged = client.get(f"/ask/{make_merged_question(target).slug}.{ending}")
        assert (merged.status_code, merged["Location"]) == (301, f"/ask/{target.slug}.{ending}")

        retracted = client.get(f"/ask/{make_closed_question(Question.State.RETRACTED).slug}.{ending}")
        assert retracted.status_code == 410
        assert "It names a private person." in retracted.content.decode()

    def test_media_types_are_those_of_the_formats(self, client):
        slug = make_published_question().slug

        types = {ending: client.get(f"/ask/{slug}.{ending}")["Content-Type"] for ending in ENDINGS}

        assert types == {
            "md": "text/markdown; charset=utf-8",
            "json": "application/json; charset=utf-8",
            "bib": "application/x-bibtex; charset=utf-8",
            "ris": "application/x-research-info-systems; charset=utf-8",
            "csl.json": "application/vnd.citationstyles.csl+json; charset=utf-8",
        }

    @pytest.mark.parametrize("ending", ["md", "json"])
    def test_queries_do_not_grow_with_the_answer(self, client, ending, django_assert_num_queries):
        small = make_published_question(statements=1, preprints=[PreprintFactory()], cited=1)
        large = make_published_question(statements=9, preprints=PreprintFactory.create_batch(8), cited=8)
        for question in (small, large):
            with django_assert_num_queries(11):
                client.get(f"/ask/{question.slug}.{ending}")


class TestMarkdown:
    def test_has_what_the_page_has(self, client):
        preprints = PreprintFactory.create_batch(2)
        question = make_published_question(
            text="Does 2 < 3?",
            verdict="partial",
            gap="Figures are *open*.",
            statements=1,
            preprints=preprints,
            cited=1,
        )

        text = text_at(client, f"/ask/{question.slug}.md")

        identifier = preprints[0].identifier
        link = f"[{identifier}](http://127.0.0.1:8000/abs/{identifier})"
        assert text.startswith("# Does 2 \\< 3?\n\nAnswered by claude-haiku-4-5-20251001 · ")
        assert "· partly answered · version 1\n\nFigures are *open*.\n\n### Finding 1\n" in text
        assert f"Noise lowers the accuracy of circuit 0 to 84.0% \\[{link}\\]." in text
        assert "## What the sources do not say\n\nNo source reports figures for megapixel images." in text
        assert f"## Sources\n\n1. {link} {preprints[0].title} · quant-ph · similarity 68%" in text
        assert f"   - supported: “{EVIDENCE}”" in text
        assert f"## Also retrieved\n\n2. [{preprints[1].identifier}]" in text
        assert "## Keep exploring\n\n- Which noise matters most?" in text
        assert "This is a research aid — not a peer review. Verify sources before citing." in text

    def test_leaves_out_what_was_dropped(self, client):
        question = make_published_question(statements=2)
        Statement.objects.filter(position=1).update(is_dropped=True, reasons=["wrong"])
        Citation.objects.filter(statement__position=1).update(evidence="A hidden sentence.")

        text = text_at(client, f"/ask/{question.slug}.md")

        assert "circuit 0" in text
        assert "circuit 1" not in text
        assert "A hidden sentence." not in text

    @pytest.mark.parametrize(
        "hostile",
        [
            "<script>alert(1)</script>", "[a](javascript:alert(1))", "![a](http://x.example/a.png)",
            "# heading", "- item", "1. item", "> quote", "| a | b |", "a <b>c</b> `", "--- \n===",
            "[AG-1]: http://x.example",
            "<http://x.example>", "*a* _b_ ~~c~~", "`<i>` \\[a](b)", "+ plus", "&lt;b&gt;", "$a$ [x](y) $b$",
        ],
    )  # fmt: skip
    def test_foreign_text_adds_no_structure(self, hostile):
        parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        structure = {"text", "paragraph_open", "paragraph_close", "inline", "softbreak"}

        def kinds(text):
            tokens = parser.parse(text)
            return {one.type for token in tokens for one in [token, *(token.children or [])]} - structure

        assert kinds(plain_markdown(hostile)) == set()
        emphasis = {"em_open", "em_close", "strong_open", "strong_close", "code_inline", "s_open", "s_close"}
        assert kinds(inline_markdown(hostile)) <= emphasis


class TestPreprints:
    @pytest.mark.parametrize("ending", READERS)
    def test_are_cited_with_their_authors_in_order(self, client, ending):
        names = ["Zoë van der Berg", "山田太郎", "ATLAS Collaboration", "Ada Lovelace Jr."]
        preprint = PreprintFactory(authors=names, title="On $\\mathcal{N}=4$ at 5%", doi="10.1103/PhysRevA.1")

        read = READERS[ending](text_at(client, f"/abs/{preprint.identifier}.{ending}"))

        assert read.kind == "preprint"
        assert read.authors == names
        assert read.title == "On $\\mathcal{N}=4$ at 5%"

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_say_that_they_were_withdrawn(self, client, ending):
        day = timezone.datetime(2026, 5, 9).date()
        preprint = PreprintFactory(withdrawn_on=day, withdrawal_reason="Lemma 2 is wrong.")

        text = text_at(client, f"/abs/{preprint.identifier}.{ending}")

        assert "Lemma 2 is wrong." in text
        assert (
            "2026-05-09" in text if ending == "json" else "Withdrawn on 9 May 2026: Lemma 2 is wrong." in text
        )

    def test_markdown_names_the_published_questions_that_cite_it(self, client):
        preprint = PreprintFactory()
        shown = make_published_question(text="The published one?", preprints=[preprint], cited=1)
        make_held_question(preprints=[preprint], cited=1)

        text = text_at(client, f"/abs/{preprint.identifier}.md")

        assert text.startswith(f"# {preprint.title}\n\nAda Lovelace, Emmy Noether\n")
        assert text.count("/ask/") == 1
        assert f"- [The published one?](http://127.0.0.1:8000/ask/{shown.slug})" in text

    def test_identifier_may_be_written_in_lower_case(self, client):
        preprint = PreprintFactory()

        assert "publisher = {{arXiv}}" in text_at(client, f"/abs/{preprint.identifier}.bib")
        response = client.get(f"/abs/{preprint.identifier.lower()}.bib")

        assert (response.status_code, response["Location"]) == (301, f"/abs/{preprint.identifier}.bib")
        assert client.get("/abs/AG-2024.01-999.bib").status_code == 404


def test_pages_lead_to_their_formats(client):
    question = make_published_question()
    preprint = question.published_answer.sources.first().preprint
    for page in (f"/ask/{question.slug}", f"/abs/{preprint.identifier}"):
        html = client.get(page).content.decode()
        for ending in ENDINGS:
            assert html.count(f'href="{page}.{ending}"') == 2  # one for people, one in the head
