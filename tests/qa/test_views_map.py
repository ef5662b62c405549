"""The map's page and its file of points."""

import gzip
import json

import numpy as np
import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command

from archive.mapping import shown_projection
from archive.models import Preprint
from tests.factories import EmbeddingFactory, PreprintFactory
from tests.qa.factories import make_held_question, make_published_question

pytestmark = pytest.mark.django_db


@pytest.fixture
def preprints():
    """Four preprints, drawn."""
    made = [
        EmbeddingFactory(preprint__primary_category=code, preprint__identifier=identifier).preprint
        for code, identifier in [
            ("quant-ph", "AG-2024.05-070"), ("quant-ph", "AG-2024.04-2402"),
            ("cs.CV", "AG-1993.06-001"), ("quant-ph", "AG-2026.12-100000"),
        ]
    ]  # fmt: skip
    call_command("project_map")
    return made


def get_page(client):
    response = client.get("/map")
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def read_points(response):
    """The file, read as docs/pages.md describes it."""
    head, _, body = response.content.partition(b"\n")
    head = json.loads(head)
    columns, at = {}, 0
    for name, kind in [("x", "<u2"), ("y", "<u2"), ("month", "<u2"), ("serial", "<u4"), ("hue", "u1")]:
        size = np.dtype(kind).itemsize * head["count"]
        columns[name] = np.frombuffer(body[at : at + size], dtype=kind).tolist()
        at += size
    assert at == len(body)
    months = [(head["first_year"] + month // 12, month % 12 + 1) for month in columns["month"]]
    names = [
        f"AG-{year}.{month:02}-{serial:03}"
        for (year, month), serial in zip(months, columns["serial"], strict=True)
    ]
    return head, names, columns


def test_map_without_a_picture_says_when_there_will_be_one(client):
    PreprintFactory()

    page = get_page(client)

    assert "once preprints have been embedded" in page.select_one(".lead").get_text()
    assert page.select("script[src*=map]") == []
    assert client.get("/map/points").status_code == 404


def test_page_works_as_lists(client, preprints):
    shown = make_published_question(preprints=preprints, cited=2)
    hidden = make_held_question(preprints=preprints)

    page = get_page(client)

    legend = [(link["href"], link.get_text(" ", strip=True).split()[-1]) for link in page.select(".hues a")]
    assert legend == [("/list/quant-ph", "3"), ("/list/cs.CV", "1")]
    link = page.select_one("#questions a")
    assert link["href"] == shown.get_absolute_url()
    points = shown_projection().points.filter(preprint__in=preprints[:2])
    assert abs(int(link["data-x"]) - sum(point.x for point in points) / 2) <= 1
    assert hidden.text not in page.get_text()
    assert "4 of 4 preprints" in page.get_text()


def test_file_holds_each_point_with_its_identifier_and_colour(client, preprints):
    response = client.get("/map/points")

    head, names, columns = read_points(response)
    assert sorted(names) == sorted(preprint.identifier for preprint in preprints)
    assert dict(zip(names, columns["hue"], strict=True))["AG-1993.06-001"] == 2
    point = shown_projection().points.get(preprint=preprints[0])
    place = names.index(preprints[0].identifier)
    assert (columns["x"][place], columns["y"][place]) == (point.x, point.y)
    assert head["regions"] == []
    assert "public" in response["Cache-Control"]


def test_file_is_compressed_and_asked_for_once(client, preprints):
    first = client.get("/map/points", headers={"Accept-Encoding": "gzip"})
    again = client.get("/map/points", headers={"If-None-Match": client.get("/map/points")["ETag"]})

    if first.get("Content-Encoding") == "gzip":  # too small a file is left as it is
        assert gzip.decompress(first.content)
    assert again.status_code == 304


def test_withdrawn_preprint_leaves_the_map_at_once(client, preprints):
    before = get_page(client).select_one("#map")["data-points"]
    preprints[0].withdrawn_on = "2026-01-01"
    preprints[0].save()

    _, names, _ = read_points(client.get("/map/points"))

    assert preprints[0].identifier not in names
    assert get_page(client).select_one("#map")["data-points"] != before
    assert client.get(f"/map/{preprints[0].identifier}").status_code == 404


def test_point_tells_its_title(client, preprints):
    Preprint.objects.filter(pk=preprints[0].pk).update(title=r"Schr\"odinger <b>cats</b> of $n$ qubits")

    response = client.get("/map/AG-2024.05-070")

    assert response.json() == {
        "identifier": "AG-2024.05-070",
        "title": "Schrödinger <b>cats</b> of n qubits",
        "category": "quant-ph",
    }
    assert response["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("path", ["/map/AG-2020.01-001", "/map/x", "/map/AG-2024.05-070/x"])
def test_nothing_at_other_addresses(client, preprints, path):
    assert client.get(path).status_code == 404


def test_map_costs_the_same_queries_however_many_questions(client, preprints, django_assert_max_num_queries):
    make_published_question(preprints=preprints, cited=2)
    get_page(client)  # the archive's numbers are kept a minute
    with django_assert_max_num_queries(8) as one:
        get_page(client)
    for _ in range(3):
        make_published_question(preprints=preprints, cited=2)

    with django_assert_max_num_queries(len(one)):
        get_page(client)
