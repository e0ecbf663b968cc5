"""XML that a stranger sent, read without following anything that it points to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from server.attachments.documents import TWO_BYTES
from server.receipts.readers.fact import Unreadable
from server.receipts.readers.values import plain

MAX_ELEMENTS = 200_000
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse(data: bytes) -> Element:
    """The root element. Raises Unreadable: `document_not_allowed` with entities in it, `document_broken` otherwise."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text: bytes | str = data
        if TWO_BYTES.match(data):  # the parser knows no encoding of two bytes, and e-invoices come in these
            text = _DECLARATION.sub("", data.decode("gb18030"))
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Unreadable("document_not_allowed") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable("document_broken") from error
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        raise Unreadable("document_too_large")
    return root


def name_of(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def all_named(root: Element, name: str) -> Iterator[Element]:
    """Every element of that name below the root, in the order of the document."""
    return (element for element in root.iter() if element is not root and name_of(element) == name)


def text_of(root: Element | None, *path: str) -> str:
    """The text of the first element that the path of names leads to, each at any depth below the last; else empty."""
    element = root
    for name in path:
        element = next(all_named(element, name), None) if element is not None else None
    return plain(element.text or "") if element is not None else ""
