import threading
from datetime import date

import pytest
from django.db import connection, transaction

from archive.identifiers import Identifier, mint, mint_many, note_minted, parse

JANUARY = date(2024, 1, 9)


@pytest.mark.django_db
def test_serials_restart_every_month_and_have_three_digits_at_least() -> None:
    assert [mint(JANUARY), mint(JANUARY), mint(date(2024, 2, 1))] == [
        "AG-2024.01-001",
        "AG-2024.01-002",
        "AG-2024.02-001",
    ]


@pytest.mark.django_db
def test_mint_many_keeps_the_order_of_its_dates() -> None:
    mint(JANUARY)
    minted = mint_many([date(2023, 12, 31), JANUARY, date(2023, 12, 1), JANUARY])
    assert minted == ["AG-2023.12-001", "AG-2024.01-002", "AG-2023.12-002", "AG-2024.01-003"]


@pytest.mark.django_db
def test_identifier_that_came_with_its_record_is_never_minted_again() -> None:
    note_minted("AG-2024.01-1576")
    note_minted("AG-2024.01-070")
    assert mint(JANUARY) == "AG-2024.01-1577"


@pytest.mark.django_db
def test_noting_what_is_no_identifier_is_an_error() -> None:
    with pytest.raises(ValueError, match="no identifier of this archive"):
        note_minted("AG-2024.13-001")


@pytest.mark.django_db(transaction=True)
def test_harvesters_side_by_side_get_no_number_twice() -> None:
    minted: list[str] = []

    def harvest() -> None:
        try:
            for _ in range(25):
                with transaction.atomic():
                    minted.extend(mint_many([JANUARY, date(2024, 2, 2), JANUARY]))
        finally:
            connection.close()

    threads = [threading.Thread(target=harvest) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(minted) == len(set(minted)) == 300
    assert mint(JANUARY) == "AG-2024.01-201"


@pytest.mark.parametrize(
    ("text", "kind", "value", "version"),
    [
        ("AG-2024.01-1576", "own", "AG-2024.01-1576", None),
        (" ag-2024.05-070 ", "own", "AG-2024.05-070", None),
        ("https://qa.example.org/abs/AG-2024.01-1576", "own", "AG-2024.01-1576", None),
        ("2401.07049", "arxiv", "2401.07049", None),
        ("arXiv:2401.07049v2", "arxiv", "2401.07049", 2),
        ("ARXIV: 0704.0001", "arxiv", "0704.0001", None),
        ("quant-ph/9705052", "arxiv", "quant-ph/9705052", None),
        ("arXiv:math.GT/0309136v1", "arxiv", "math/0309136", 1),
        ("https://arxiv.org/abs/2401.07049v3", "arxiv", "2401.07049", 3),
        ("http://www.arxiv.org/pdf/2401.07049v1.pdf", "arxiv", "2401.07049", 1),
        ("https://doi.org/10.48550/arXiv.2401.07049", "arxiv", "2401.07049", None),
        ("10.1103/PhysRevLett.133.010601", "doi", "10.1103/physrevlett.133.010601", None),
        ("doi:10.1007/s42484-024-00161-4", "doi", "10.1007/s42484-024-00161-4", None),
        ("https://dx.doi.org/10.1000/182", "doi", "10.1000/182", None),
    ],
)
def test_parse_reads_every_form_people_paste(text: str, kind: str, value: str, version: int | None) -> None:
    assert parse(text) == Identifier(kind, value, version)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AG-2024.13-001",
        "AG-2024.01-01",
        "AG-2024.01-0000000001",
        "2401.123",
        "2413.12345",
        "what is 2401.07049?",
        "quantum error correction",
        "10.1/x",
        "https://example.org/",
        "AG-２０２４.01-157",
        "2401.07049\x00",
        "10.1234/\x00",
        "x" * 100_000,
    ],
)
def test_parse_takes_nothing_else_for_an_identifier(text: str) -> None:
    assert parse(text) is None
