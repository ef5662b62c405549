"""Set-aside records tried again, by command and in admin: what can be taken in is, and nothing is lost."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command

from archive.bulk import parse_line
from archive.harvesting import harvest
from archive.models import HarvestRun, Preprint, SetAsideRecord
from archive.oai_formats import parse_answer
from archive.records import Page
from tests.archive.oai_server import ENVELOPE, make_records

pytestmark = pytest.mark.django_db

LIST = "/admin/archive/setasiderecord/"
LINE = {
    "id": "2405.00156",
    "title": "Expanding the Horizon",
    "authors": ["Skylar Chan"],
    "categories": ["cs.CV"],
    "submitted": "2024-04-30",
    "abstract": "A summary.",
}


def set_aside(count: int = 1) -> list[SetAsideRecord]:
    """Records of both kinds of source that have no title: so many of XML, and one line of JSON."""
    answer = parse_answer(ENVELOPE.format(f"<ListRecords>{broken(count)}</ListRecords>").encode())
    line = parse_line(json.dumps(LINE | {"title": ""}).encode())
    run = HarvestRun.objects.create(source="test")
    harvest([Page((*answer.records, line), position="1")], run=run)
    return list(SetAsideRecord.objects.order_by("pk"))


def broken(count: int) -> str:
    return "".join(record.replace(f"Title 2401.{n:05d}", "") for n, record in enumerate(make_records(count)))


def mend() -> None:
    """The rows' texts with a title: what was set aside becomes a record that can be read."""
    for row in SetAsideRecord.objects.all():
        row.raw = row.raw.replace("<title/>", "<title>Mended</title>").replace(
            '"title": ""', '"title": "Mended"'
        )
        row.save()


def test_record_is_set_aside_once_however_often_it_is_sent() -> None:
    first = set_aside(2)
    again = set_aside(2)
    assert [row.pk for row in first] == [row.pk for row in again]
    assert {row.run for row in again} == {HarvestRun.objects.first()}
    assert {row.reason for row in again} == {"the record has no title"}


def test_command_takes_in_what_can_be_read_now_and_keeps_the_rest() -> None:
    rows = set_aside(3)
    mend()
    SetAsideRecord.objects.filter(pk=rows[0].pk).update(raw=rows[0].raw)
    out = StringIO()
    call_command("retry_set_aside", stdout=out)
    assert "4 records read: 3 new" in out.getvalue()
    (left,) = SetAsideRecord.objects.all()
    assert (left.source_id, left.reason, left.raw) == (rows[0].source_id, rows[0].reason, rows[0].raw)
    assert (left.created_at, left.tried_at is None) == (rows[0].created_at, False)
    assert sorted(Preprint.objects.values_list("source_id", "title")) == [
        ("2401.00001", "Mended"),
        ("2401.00002", "Mended"),
        ("2405.00156", "Mended"),
    ]


def test_action_in_admin_tries_one_and_many(admin_client) -> None:
    rows = set_aside(2)
    page = admin_client.get(f"{LIST}{rows[0].pk}/change/").content.decode()
    assert "the record has no title" in page
    assert "&lt;record" in page
    assert "Try again" in page
    mend()
    said = admin_client.post(LIST, {"action": "retry", "_selected_action": [rows[0].pk]}, follow=True)
    assert "1 taken in, 0 still set aside." in said.content.decode()
    SetAsideRecord.objects.filter(pk=rows[1].pk).update(raw="<record")
    said = admin_client.post(
        LIST, {"action": "retry", "_selected_action": [row.pk for row in rows[1:]]}, follow=True
    )
    assert "1 taken in, 1 still set aside." in said.content.decode()
    assert Preprint.objects.count() == 2
    assert "no well-formed XML" in SetAsideRecord.objects.get().reason


def test_who_may_only_look_is_not_offered_it(client, django_user_model) -> None:
    (row, _) = set_aside()
    user = django_user_model.objects.create_user("looker", password="a-long-password-9", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_setasiderecord"))
    client.force_login(user)
    assert "Try again" not in client.get(f"{LIST}{row.pk}/change/").content.decode()
    client.post(LIST, {"action": "retry", "_selected_action": [row.pk]}, follow=True)
    assert SetAsideRecord.objects.count() == 2
    assert HarvestRun.objects.count() == 1
