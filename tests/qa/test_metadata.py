"""What pages say of themselves to machines, read back by extruct, and by lxml as any other program would."""

import json
from datetime import date, datetime
from io import BytesIO
from urllib.parse import urlsplit

import extruct
import pytest
from bs4 import BeautifulSoup
from django.test import Client
from lxml import etree
from PIL import Image
from requests.utils import parse_header_links

from archive.sitemaps import CanonicalSitemap
from qa.cards import draw_card, lay_out
from qa.metadata import plain_text
from qa.models import Answer, Question
from tests.factories import AuthorFactory, PreprintFactory
from tests.qa.factories import (
    QuestionFactory,
    make_answer,
    make_closed_question,
    make_held_question,
    make_published_question,
)

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"


def read_page(client, address):
    """extruct's findings, and the <meta> tags as (name, content) in their order."""
    html = client.get(address).content.decode()
    found = extruct.extract(html, base_url=SITE, syntaxes=["json-ld", "opengraph"], uniform=True)
    tags = [
        (tag.get("name") or tag.get("property"), tag.get("content"))
        for tag in BeautifulSoup(html, "html.parser").select("meta[content]")
    ]
    return found, tags


class TestAnswers:
    def test_json_ld_is_a_question_page_made_by_a_trained_model(self, client):
        preprints = PreprintFactory.create_batch(3)
        question = make_published_question(text="What limits $\\alpha$?", preprints=preprints, cited=2)

        found, _ = read_page(client, f"/ask/{question.slug}")

        [page] = found["json-ld"]
        asked = page["mainEntity"]
        answer = asked["acceptedAnswer"]
        assert (page["@type"], asked["@type"], answer["@type"]) == ("QAPage", "Question", "Answer")
        assert asked["name"] == "What limits α?"
        assert asked["answerCount"] == 1
        assert answer["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
        assert answer["text"].startswith("Finding 1\nNoise lowers the accuracy of circuit 0 to 84.0% [AG-")
        assert answer["url"] == f"{SITE}/ask/{question.slug}/v1"
        assert answer["author"] == {"@type": "Organization", "name": "Antigravity Q&A", "url": f"{SITE}/"}
        assert [(one["@type"], one["identifier"]) for one in answer["citation"]] == [
            ("ScholarlyArticle", preprints[0].identifier),
            ("ScholarlyArticle", preprints[1].identifier),
        ]

    def test_json_ld_has_what_search_engines_require_of_a_question_page(self, client):
        question = make_published_question()

        found, _ = read_page(client, f"/ask/{question.slug}")

        asked = found["json-ld"][0]["mainEntity"]
        answer = asked["acceptedAnswer"]
        assert asked["name"] == question.text
        assert asked["answerCount"] == 1
        assert datetime.fromisoformat(asked["dateCreated"]).tzinfo
        assert "author" not in asked
        assert answer["text"]
        assert answer["url"].startswith(f"{SITE}/ask/")
        assert datetime.fromisoformat(answer["dateCreated"]).tzinfo
        for cited in answer["citation"]:
            assert cited["name"] == cited["headline"]
            assert [one["@type"] for one in cited["author"]] == ["Person"] * len(cited["author"])
            assert all(one["name"] for one in cited["author"])
            assert cited["author"]
            assert cited["url"].startswith(f"{SITE}/abs/AG-")
            assert date.fromisoformat(cited["datePublished"])

    def test_formulas_are_kept_as_text(self, client):
        question = make_published_question(
            gap="How *fast* is $\\alpha$?", limits="Nothing on $n^2$ beyond `n = 5`.", statements=2
        )
        statement = question.published_answer.statements.first()
        statement.text = "The rate falls to $10^{-3}$ within **5** steps."
        statement.save()

        found, tags = read_page(client, f"/ask/{question.slug}")

        text = found["json-ld"][0]["mainEntity"]["acceptedAnswer"]["text"]
        assert text.startswith("How fast is α?\nFinding 1\nThe rate falls to 10^{-3} within 5 steps [AG-")
        assert text.endswith("Nothing on n^2 beyond n = 5.")
        assert "The rate falls to 10^{-3} within 5 steps." in dict(tags)["og:description"]

    def test_counts_the_same_preprints_everywhere(self, client):
        question = make_published_question(preprints=PreprintFactory.create_batch(4), cited=2)

        _, tags = read_page(client, f"/ask/{question.slug}")

        assert dict(tags)["description"].startswith("Answered from 2 preprints on ")
        assert dict(tags)["og:description"].startswith("Answered from 2 preprints: ")

    def test_preview_has_title_words_and_picture(self, client):
        question = make_published_question(text='Is "noise" < 5%?')

        found, tags = read_page(client, f"/ask/{question.slug}")

        [preview] = found["opengraph"]
        assert preview["og:title"] == 'Is "noise" < 5%?'
        assert preview["og:url"] == f"{SITE}/ask/{question.slug}"
        assert preview["og:description"].startswith("Answered from 2 preprints: Noise lowers")
        assert len(preview["og:description"]) <= 200
        assert preview["og:image"] == f"{SITE}/ask/{question.slug}/v1.png"
        assert ("twitter:card", "summary_large_image") in tags

    def test_is_a_web_page_without_an_author(self, client):
        _, tags = read_page(client, f"/ask/{make_published_question().slug}")

        assert ("z:itemType", "webpage") in tags
        assert "citation_author" not in dict(tags)

    def test_text_cannot_leave_its_place(self, client):
        hostile = '</script><script>alert(1)</script><!-- "><meta name=x> &amp;'
        preprint = PreprintFactory(title=hostile)
        question = make_published_question(
            text=f"Why {hostile}?", preprints=[preprint], cited=1, limits=hostile
        )

        html = client.get(f"/ask/{question.slug}").content.decode()

        page = BeautifulSoup(html, "lxml")
        assert [
            script for script in page.find_all("script") if "alert" in (script.string or "")
        ] == page.select('script[type="application/ld+json"]')
        data = json.loads(page.select_one('script[type="application/ld+json"]').string)
        assert data["mainEntity"]["name"] == plain_text(f"Why {hostile}?")
        assert page.select_one('meta[name="x"]') is None

    @pytest.mark.parametrize("make", [QuestionFactory, make_held_question])
    def test_nothing_is_said_of_what_is_not_published(self, client, make):
        found, tags = read_page(client, f"/ask/{make().slug}")

        assert found == {"json-ld": [], "opengraph": []}
        assert "z:itemType" not in dict(tags)


class TestPreprints:
    def test_json_ld_is_a_scholarly_article(self, client):
        preprint = PreprintFactory(
            authors=["ATLAS Collaboration"],
            doi="10.1103/x",
            licence="http://creativecommons.org/licenses/by/4.0/",
        )
        AuthorFactory(
            preprint=preprint,
            position=2,
            name="Ada Lovelace",
            orcid="0000-0002-1825-0097",
            affiliation="London",
        )

        found, _ = read_page(client, f"/abs/{preprint.identifier}")

        [article] = found["json-ld"]
        assert article["@type"] == "ScholarlyArticle"
        assert article["headline"] == preprint.title
        assert article["author"] == [
            {"@type": "Organization", "name": "ATLAS Collaboration"},
            {
                "@type": "Person",
                "name": "Ada Lovelace",
                "affiliation": {"@type": "Organization", "name": "London"},
                "sameAs": "https://orcid.org/0000-0002-1825-0097",
            },
        ]
        assert article["datePublished"] == preprint.submitted_on.isoformat()
        assert article["sameAs"] == [preprint.arxiv_url, "https://doi.org/10.1103/x"]
        assert article["license"] == preprint.licence
        assert article["creativeWorkStatus"] == "Preprint"

    def test_reference_managers_read_every_author_in_order(self, client):
        names = [f"Author Number{number}" for number in range(40)]
        preprint = PreprintFactory(authors=names, title="A <title> & more", doi="10.1103/x")

        _, tags = read_page(client, f"/abs/{preprint.identifier}")

        assert [content for name, content in tags if name == "citation_author"] == names
        assert dict(tags)["citation_title"] == "A <title> & more"
        assert dict(tags)["citation_publication_date"] == f"{preprint.submitted_on:%Y/%m/%d}"
        assert dict(tags)["citation_doi"] == "10.1103/x"
        assert dict(tags)["citation_arxiv_id"] == preprint.source_id
        assert dict(tags)["z:itemType"] == "preprint"

    def test_formulas_of_its_abstract_are_kept_as_text(self, client):
        preprint = PreprintFactory(abstract="The \\'etale rate falls to $10^{-3}$ within $\\mathcal{O}(n)$.")

        found, tags = read_page(client, f"/abs/{preprint.identifier}")

        assert found["json-ld"][0]["abstract"] == "The étale rate falls to 10^{-3} within O(n)."
        assert dict(tags)["og:description"] == "The étale rate falls to 10^{-3} within O(n)."

    def test_json_ld_has_what_search_engines_require_of_an_article(self, client):
        preprint = PreprintFactory(revised_on="2026-05-09", authors=["Ada Lovelace", "Alan Turing"])

        article = read_page(client, f"/abs/{preprint.identifier}")[0]["json-ld"][0]

        assert article["headline"] == article["name"] == preprint.title
        assert [one["name"] for one in article["author"]] == ["Ada Lovelace", "Alan Turing"]
        assert article["datePublished"] == preprint.submitted_on.isoformat()
        assert article["dateModified"] == "2026-05-09"
        assert article["publisher"]["name"] == "arXiv"

    def test_report_number_comes_with_its_institution_and_dates_agree(self, client):
        preprint = PreprintFactory(revised_on="2026-05-09")

        tags = dict(read_page(client, f"/abs/{preprint.identifier}")[1])

        assert tags["citation_technical_report_institution"] == "Antigravity Q&A"
        assert tags["citation_technical_report_number"] == preprint.identifier
        assert tags["citation_online_date"] == tags["citation_publication_date"]

    def test_withdrawn_one_says_so(self, client):
        preprint = PreprintFactory(withdrawn_on="2026-05-09", withdrawal_reason="Wrong.")

        found, _ = read_page(client, f"/abs/{preprint.identifier}")

        assert found["json-ld"][0]["creativeWorkStatus"] == "Withdrawn"


class TestSignposting:
    def links(self, client, address):
        """(rel, address, type) of every link in the header, as requests' own parser reads them."""
        parsed = parse_header_links(client.get(address)["Link"])
        return [(one["rel"], one["url"].removeprefix(SITE), one.get("type", "")) for one in parsed]

    def test_answer_is_cited_by_its_version_and_has_its_formats(self, client):
        slug = make_published_question().slug

        links = self.links(client, f"/ask/{slug}")

        assert ("cite-as", f"/ask/{slug}/v1", "") in links
        assert ("describedby", f"/ask/{slug}.bib", "application/x-bibtex") in links
        assert ("item", f"/ask/{slug}.md", "text/markdown") in links
        assert [rel for rel, _, _ in links].count("author") == 0

    def test_preprint_names_its_licence_and_its_authors(self, client):
        preprint = PreprintFactory(licence="http://creativecommons.org/licenses/by/4.0/", authors=())
        AuthorFactory(preprint=preprint, position=0, orcid="0000-0002-1825-0097")

        links = self.links(client, f"/abs/{preprint.identifier}")

        assert ("cite-as", f"/abs/{preprint.identifier}", "") in links
        assert ("license", "http://creativecommons.org/licenses/by/4.0/", "") in links
        assert ("author", "https://orcid.org/0000-0002-1825-0097", "") in links
        assert ("type", "https://schema.org/ScholarlyArticle", "") in links

    def test_formats_lead_back_to_their_page(self, client):
        slug = make_published_question().slug

        assert ("describes", f"/ask/{slug}", "text/html") in self.links(client, f"/ask/{slug}.ris")
        assert ("collection", f"/ask/{slug}", "text/html") in self.links(client, f"/ask/{slug}.json")
        assert ("canonical", f"/ask/{slug}", "") in self.links(client, f"/ask/{slug}.md")

    def test_licence_cannot_write_a_header(self, client):
        preprint = PreprintFactory(licence="https://x.example/>; rel=cite-as, <https://evil.example")

        links = self.links(client, f"/abs/{preprint.identifier}")

        assert [address for rel, address, _ in links if rel == "cite-as"] == [f"/abs/{preprint.identifier}"]


class TestCards:
    def test_is_a_picture_of_the_promised_size_and_always_the_same(self, client):
        question = make_published_question(text="What limits the depth of circuits?")

        first, second = (client.get(f"/ask/{question.slug}/v1.png") for _ in range(2))

        assert first["Content-Type"] == "image/png"
        image = Image.open(BytesIO(first.content))
        assert (image.format, image.size) == ("PNG", (1200, 630))
        assert first.content == second.content == draw_card(question.text, second_line(question))
        assert len(first.content) < 60_000

    @pytest.mark.parametrize(
        "text",
        ["W" * 500, "i " * 250, "a", "Что ограничивает глубину?", "深い回路を制限する" * 50, "\u05d0" * 500,
         "\U0001f469\u200d\U0001f52c" * 40, "Донаудампфшифф" * 35, "mixed 漢字 and Latin " * 20],
    )  # fmt: skip
    def test_long_and_strange_texts_stay_on_the_paper(self, text):
        size, lines = lay_out(text)

        assert size >= 32
        assert 80 + len(lines) * size * 1.28 <= 630 - 80 - 28
        image = Image.open(BytesIO(draw_card(text, "Answered")))
        edge = [image.convert("L").getpixel((x, y)) for x in (1199, 1160) for y in range(20, 540)]
        assert min(edge) > 240  # paper, no ink

    def test_is_drawn_for_what_the_public_may_read_only(self, client):
        held, retracted = make_held_question(), make_closed_question(Question.State.RETRACTED)

        for question in (held, retracted):
            assert client.get(f"/ask/{question.slug}/v1.png").status_code == 404

    def test_is_drawn_while_the_cache_is_away(self, client, settings):
        settings.CACHES = {
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "redis://127.0.0.1:1/0",
                "OPTIONS": {"socket_connect_timeout": 0.2},
            }
        }

        assert client.get(f"/ask/{make_published_question().slug}/v1.png").status_code == 200


def second_line(question) -> str:
    return f"Answered · {question.published_answer.published_at.strftime('%-d %B %Y')}"


class TestMachines:
    def locations(self, client, address):
        root = etree.fromstring(client.get(address).content)
        return [element.text.removeprefix(SITE) for element in root.iter("{*}loc")]

    def test_sitemap_lists_exactly_what_is_public(self, client):
        preprint = PreprintFactory(primary_category="cs.CV", submitted_on=date(2024, 3, 9))
        withdrawn = PreprintFactory(withdrawn_on="2026-05-09", primary_category="math.AG")
        shown = make_published_question(preprints=[preprint], cited=1)
        make_answer(shown, state=Answer.State.HELD, preprints=[preprint], cited=1)
        make_held_question(preprints=[preprint], cited=1)
        QuestionFactory()

        sections = self.locations(client, "/sitemap.xml")
        listed = [one for section in sections for one in self.locations(client, section)]

        assert listed == [
            "/", "/questions", "/corrections", "/map", "/about", "/method", "/quality", "/privacy", "/terms",
            "/accessibility", "/recent", "/api/",
            f"/ask/{shown.slug}", f"/abs/{preprint.identifier}", "/list/cs.CV/2024-03",
        ]  # fmt: skip
        assert withdrawn.identifier not in "".join(listed)
        for address in listed:
            response = client.get(address)
            assert response.status_code == 200
            assert "noindex" not in response.headers.get("X-Robots-Tag", "")
            canonical = BeautifulSoup(response.content, "html.parser").select_one('link[rel="canonical"]')
            assert canonical is None or urlsplit(canonical["href"]).path == address

    def test_sitemap_comes_in_pages(self, client, monkeypatch):
        monkeypatch.setattr(CanonicalSitemap, "limit", 2)
        preprints = PreprintFactory.create_batch(3)

        sections = self.locations(client, "/sitemap.xml")

        assert [one for one in sections if "preprints" in one] == [
            "/sitemap-preprints.xml",
            "/sitemap-preprints.xml?p=2",
        ]
        assert self.locations(client, "/sitemap-preprints.xml?p=2") == [f"/abs/{preprints[2].identifier}"]
        assert client.get("/sitemap-preprints.xml?p=3").status_code == 404
        assert client.get("/sitemap-nothing.xml").status_code == 404

    def test_robots_name_the_sitemap_on_the_canonical_host(self, client, settings):
        settings.SITE_URL = "https://answers.example.org"

        response = client.get("/robots.txt")

        assert response["Content-Type"].startswith("text/plain")
        assert "Sitemap: https://answers.example.org/sitemap.xml\n" in response.content.decode()
        assert "Disallow: /admin/\n" in response.content.decode()

    def test_opensearch_description_leads_to_the_search(self, client):
        page = BeautifulSoup(client.get("/").content, "html.parser")
        link = page.select_one('link[rel="search"]')

        root = etree.fromstring(client.get(link["href"]).content)

        namespace = "{http://a9.com/-/spec/opensearch/1.1/}"
        assert root.findtext(f"{namespace}ShortName") == "Antigravity Q&A"
        assert root.find(f"{namespace}Url").get("template") == f"{SITE}/search?q={{searchTerms}}"
        assert root.findtext(f"{namespace}Image").startswith(f"{SITE}/static/img/favicon")

    def test_llms_txt_leads_to_what_is_there(self, client):
        text = client.get("/llms.txt").content.decode()

        assert text.startswith("# Antigravity Q&A\n")
        for line in text.splitlines():
            if line.startswith("- ["):
                address = line.split("](")[1].split(")")[0].removeprefix(SITE)
                assert Client().get(address if "q=" not in address else f"{address}noise").status_code == 200
