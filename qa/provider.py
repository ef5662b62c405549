"""OAI-PMH 2.0: a request's arguments -> the document that answers them.

http://www.openarchives.org/OAI/openarchivesprotocol.html. An error is answered by a document too.

qa/oai_lists.py and qa/oai_records.py find what there is to tell; why it is so: docs/decisions/0019.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from lxml import etree

from archive.text import xml_text
from qa.oai_arguments import TOKEN, ProtocolError, read_arguments
from qa.oai_lists import Page, Place, begin, find_earliest, find_horizon, read_page, read_token, write_token
from qa.oai_records import Item, find_record, list_sets, make_identifier, read_items

OAI = "http://www.openarchives.org/OAI/2.0/"
OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
OAI_IDENTIFIER = "http://www.openarchives.org/OAI/2.0/oai-identifier"
DC = "http://purl.org/dc/elements/1.1/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PREFIX = "oai_dc"
OAI_DC_SCHEMA = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
DOMAIN = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z][A-Za-z0-9-]*)+")  # as oai-identifier has it
SAMPLE = "AG-2024.01-1576"
ABOUT = (
    "Preprints, and questions that were answered from them. Every claim of an answer names the preprint it "
    "rests on. A research aid, not a peer review."
)

Node = etree._Element


def answer_request(given: Iterable[tuple[str, str]]) -> bytes:
    """The document that answers a request's arguments, as they came."""
    horizon = find_horizon()
    try:
        arguments = read_arguments(given)
    except ProtocolError as error:
        return _write_error(error, {}, horizon)  # what is no request at all is not repeated
    try:
        root = _open(arguments, horizon)
        VERBS[arguments["verb"]](_add(root, arguments["verb"]), arguments, horizon)
    except ProtocolError as error:
        return _write_error(error, arguments, horizon)
    return _write(root)


def _open(arguments: dict[str, str], horizon: datetime) -> Node:
    root = etree.Element(f"{{{OAI}}}OAI-PMH", nsmap=_without_prefix(OAI) | {"xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", f"{OAI} {OAI}OAI-PMH.xsd")
    _add(root, "responseDate", _stamp(horizon))
    request = _add(root, "request", base_url())
    for name, value in arguments.items():
        request.set(name, xml_text(value))
    return root


def _without_prefix(namespace: str) -> Any:  # lxml takes None for no prefix, its stubs do not
    return {None: namespace}


def _write_error(error: ProtocolError, arguments: dict[str, str], horizon: datetime) -> bytes:
    root = _open(arguments, horizon)
    _add(root, "error", error.message).set("code", error.code)
    return _write(root)


def _write(root: Node) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add(parent: Node, name: str, text: str = "", *, namespace: str = OAI) -> Node:
    node = etree.SubElement(parent, f"{{{namespace}}}{name}")
    if text:
        node.text = xml_text(text)
    return node


def base_url() -> str:
    """The one address of the provider, whatever host was asked."""
    return f"{settings.SITE_URL}{reverse('qa:oai')}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _identify(node: Node, arguments: dict[str, str], horizon: datetime) -> None:
    host = urlsplit(settings.SITE_URL).hostname
    _add(node, "repositoryName", settings.SITE_NAME)
    _add(node, "baseURL", base_url())
    _add(node, "protocolVersion", "2.0")
    _add(node, "adminEmail", settings.CONTACT_EMAIL or f"webmaster@{host}")
    _add(node, "earliestDatestamp", _stamp(find_earliest() or horizon))
    _add(node, "deletedRecord", "persistent")
    _add(node, "granularity", "YYYY-MM-DDThh:mm:ssZ")
    if DOMAIN.fullmatch(settings.FEED_AUTHORITY):
        _describe_identifiers(_add(node, "description"))
    about = _add_dublin_core(_add(node, "description"))
    _add(about, "title", settings.SITE_NAME, namespace=DC)
    _add(about, "description", ABOUT, namespace=DC)
    _add(about, "rights", f"{settings.SITE_URL}{reverse('qa:terms')}", namespace=DC)


def _describe_identifiers(node: Node) -> None:
    scheme = etree.SubElement(
        node, f"{{{OAI_IDENTIFIER}}}oai-identifier", nsmap=_without_prefix(OAI_IDENTIFIER)
    )
    scheme.set(f"{{{XSI}}}schemaLocation", f"{OAI_IDENTIFIER} {OAI_IDENTIFIER}.xsd")
    values = {
        "scheme": "oai",
        "repositoryIdentifier": settings.FEED_AUTHORITY,
        "delimiter": ":",
        "sampleIdentifier": make_identifier(SAMPLE),
    }
    for name, value in values.items():
        _add(scheme, name, value, namespace=OAI_IDENTIFIER)


def _list_formats(node: Node, arguments: dict[str, str], horizon: datetime) -> None:
    if "identifier" in arguments:
        _find(arguments["identifier"])
    one = _add(node, "metadataFormat")
    _add(one, "metadataPrefix", PREFIX)
    _add(one, "schema", OAI_DC_SCHEMA)
    _add(one, "metadataNamespace", OAI_DC)


def _list_sets(node: Node, arguments: dict[str, str], horizon: datetime) -> None:
    if TOKEN in arguments:
        raise ProtocolError("badResumptionToken", "The sets come in one list; this site gave no such token.")
    for spec, name in list_sets():
        one = _add(node, "set")
        _add(one, "setSpec", spec)
        _add(one, "setName", name)


def _get_record(node: Node, arguments: dict[str, str], horizon: datetime) -> None:
    _check_format(arguments)
    for item in read_items(*_find(arguments["identifier"]), is_whole=True):
        _add_record(node, item)


def _list_headers(node: Node, arguments: dict[str, str], horizon: datetime) -> None:
    _list(node, arguments, _add_header, is_whole=False)


def _list_records(node: Node, arguments: dict[str, str], horizon: datetime) -> None:
    _list(node, arguments, _add_record, is_whole=True)


def _list(
    node: Node, arguments: dict[str, str], add: Callable[[Node, Item], None], *, is_whole: bool
) -> None:
    if TOKEN in arguments:
        place = read_token(arguments[TOKEN], verb=arguments["verb"])
    else:
        _check_format(arguments)
        place = begin(arguments)
    page = read_page(place)
    for item in read_items(page.preprints, page.questions, is_whole=is_whole):
        add(node, item)
    if place.sent or page.next:
        _add_token(node, place, page)


def _add_token(node: Node, place: Place, page: Page) -> None:
    """Where the list goes on; after its last page an empty token, which says that it is whole."""
    token = _add(node, TOKEN, write_token(page.next) if page.next else "")
    token.set("completeListSize", str(place.size))
    token.set("cursor", str(place.sent))


def _check_format(arguments: dict[str, str]) -> None:
    if arguments["metadataPrefix"] != PREFIX:
        raise ProtocolError("cannotDisseminateFormat", f"Records come as {PREFIX} alone.")


def _find(identifier: str) -> tuple[list[int], list[int]]:
    found = find_record(identifier)
    if not any(found):
        raise ProtocolError("idDoesNotExist", "There is no such record here.")
    return found


def _add_header(node: Node, item: Item) -> None:
    header = _add(node, "header")
    if item.is_deleted:
        header.set("status", "deleted")
    _add(header, "identifier", item.identifier)
    _add(header, "datestamp", _stamp(item.changed_at))
    for spec in item.sets:
        _add(header, "setSpec", spec)


def _add_record(node: Node, item: Item) -> None:
    record = _add(node, "record")
    _add_header(record, item)
    if item.is_deleted:
        return
    dc = _add_dublin_core(_add(record, "metadata"))
    for name, value in item.description:
        _add(dc, name, value, namespace=DC)


def _add_dublin_core(node: Node) -> Node:
    dc = etree.SubElement(node, f"{{{OAI_DC}}}dc", nsmap={"oai_dc": OAI_DC, "dc": DC})
    dc.set(f"{{{XSI}}}schemaLocation", f"{OAI_DC} {OAI_DC_SCHEMA}")
    return dc


VERBS: dict[str, Callable[[Node, dict[str, str], datetime], None]] = {
    "GetRecord": _get_record,
    "Identify": _identify,
    "ListIdentifiers": _list_headers,
    "ListMetadataFormats": _list_formats,
    "ListRecords": _list_records,
    "ListSets": _list_sets,
}
