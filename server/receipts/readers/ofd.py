"""OFD (GB/T 33190): a zip of XML. The invoice's data is an attachment, or stands in the page by named objects.

The seal lists a digest (SM3) of every file: a file that differs from its digest was altered after sealing. That the
seal itself is the tax bureau's cannot be proved without its certificate, so an intact list proves nothing here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from functools import cached_property
from xml.etree.ElementTree import Element

from server.attachments.documents import ZIP_ERRORS, is_bomb, leads_out
from server.receipts.fapiao import normal
from server.receipts.readers.fact import Fact, Unreadable
from server.receipts.readers.invoice_xml import invoice_facts, is_invoice
from server.receipts.readers.markup import all_named, name_of, parse
from server.receipts.readers.values import day_of, is_personal_id, minor_of, plain

MAX_FILE = 8 * 1024 * 1024
_NAMED_DATA = {
    "发票代码": "fapiao_code",
    "发票号码": "fapiao_number",
    "开票日期": "issued_on",
    "合计金额": "amount_net",
    "合计税额": "amount_tax",
    "价税合计": "amount_total",
    "购买方纳税人识别号": "buyer_tax_id",
    "销售方纳税人识别号": "seller_tax_id",
}
_TAGS = {
    "InvoiceCode": "fapiao_code",
    "InvoiceNo": "fapiao_number",
    "IssueDate": "issued_on",
    "BuyerName": "buyer_name",
    "BuyerTaxID": "buyer_tax_id",
    "SellerName": "seller_name",
    "SellerTaxID": "seller_tax_id",
    "SellerAddrTel": "seller_address",
    "TaxExclusiveTotalAmount": "amount_net",
    "TaxTotalAmount": "amount_tax",
    "TaxInclusiveTotalAmount": "amount_total",
    "Item": "item",
    "Note": "remark",
}
_SIGNATURE = re.compile(r"/Sign_?[0-9]*/Signature\.xml$")
_TAX_IDS = {"buyer_tax_id", "seller_tax_id"}


def read_ofd(data: bytes) -> list[Fact]:
    """The facts of an OFD. Raises Unreadable."""
    package = _Package(data)
    facts = [fact for root in package.documents() if is_invoice(root) for fact in invoice_facts(root, "ofd")]
    facts += [*_named_data(package), *_tagged(package)]
    kinds = {fact.kind for fact in facts}
    if "fapiao_number" not in kinds:
        raise Unreadable("document_unknown")
    if "document" not in kinds:
        facts.append(Fact("document", "vat" if "fapiao_code" in kinds else "digital", "ofd"))
    if "fapiao_code" in kinds and not package.is_sealed():
        facts.append(Fact("unsealed", "OFD", "ofd"))
    return [*facts, *(Fact("altered", name, "ofd") for name in package.altered())]


class _Package:
    """The files inside, read one by one under limits; names never lead to the disk."""

    def __init__(self, data: bytes) -> None:
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(data))
            entries = self.zip.infolist()
        except ZIP_ERRORS as error:
            raise Unreadable("document_broken") from error
        if is_bomb(entries):
            raise Unreadable("document_too_large")
        if any(leads_out(entry.filename) for entry in entries):
            raise Unreadable("document_not_allowed")
        self.names = [entry.filename for entry in entries if not entry.is_dir()]
        if "OFD.xml" not in self.names:
            raise Unreadable("document_unknown")

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises Unreadable where it is broken, or larger than it says."""
        try:
            with self.zip.open(name) as file:
                data = file.read(MAX_FILE + 1)
        except (*ZIP_ERRORS, KeyError) as error:
            raise Unreadable("document_broken") from error
        if len(data) > MAX_FILE:
            raise Unreadable("document_too_large")
        return data

    def root(self, name: str) -> Element | None:
        """The root of one XML file; None where it is missing or not well-formed.

        Note: one maker's genuine files hold a tag file that is not well-formed, so each part is read on its own.
        """
        if name not in self.names:
            return None
        try:
            return parse(self.read(name))
        except Unreadable as error:
            if error.code != "document_broken":
                raise
            return None

    def documents(self) -> Iterator[Element]:
        """Attached XML files, wherever they lie and whatever they are called."""
        for name in self.names:
            if name.lower().endswith(".xml") and "/attach" in name.lower():
                root = self.root(name)
                if root is not None:
                    yield root

    def is_sealed(self) -> bool:
        """Whether there is a seal at all, with digests to compare. E-invoices with a code always had one."""
        return bool(self._digests)

    def altered(self) -> list[str]:
        """Files that are not as they were when the document was sealed."""
        try:
            hashlib.new("sm3")
        except ValueError:  # this build of OpenSSL has no SM3: nothing can be said
            return []
        return sorted({path for path, digest in self._digests if not self._is_intact(path, digest)})

    @cached_property
    def _digests(self) -> list[tuple[str, bytes]]:
        signatures = [self.root(name) for name in self.names if _SIGNATURE.search(name)]
        return [item for signature in signatures if signature is not None for item in _digests(signature)]

    def _is_intact(self, path: str, digest: bytes) -> bool:
        if path not in self.names:
            return False
        return hmac.compare_digest(hashlib.new("sm3", self.read(path)).digest(), digest)


def _digests(signature: Element) -> Iterator[tuple[str, bytes]]:
    references = next(all_named(signature, "References"), None)
    if references is None or "1.2.156.10197.1.401" not in references.get("CheckMethod", ""):
        return
    for reference in all_named(references, "Reference"):
        value = next(all_named(reference, "CheckValue"), None)
        try:
            digest = base64.b64decode((value.text or "") if value is not None else "", validate=True)
        except ValueError:
            digest = b""
        yield posixpath.normpath(reference.get("FileRef", "").lstrip("/")), digest


def _named_data(package: _Package) -> Iterator[Fact]:
    root = package.root("OFD.xml")
    if root is None:
        raise Unreadable("document_broken")
    for item in all_named(root, "CustomData"):
        kind = _NAMED_DATA.get(item.get("Name", ""))
        if kind:
            yield from _fact(kind, plain(item.text or ""))


def _tagged(package: _Package) -> Iterator[Fact]:
    """What stands on the page itself, by the object ids that the tag file names."""
    tags = [root for name in package.names if re.search(r"/Tags/[^/]+\.xml$", name) if (root := package.root(name))]
    pages = [name for name in package.names if re.search(r"/(Pages|Tpls)/[^/]+/Content\.xml$", name)]
    texts = {ref: text for name in sorted(pages) if (root := package.root(name)) for ref, text in _texts(root)}
    for root in tags:
        for element in root.iter():
            kind = _TAGS.get(name_of(element))
            pieces = [texts.get(plain(ref.text or ""), "") for ref in all_named(element, "ObjectRef")]
            if kind == "item" and len(pieces) > 1 and not pieces[1].startswith("*"):
                pieces = ["".join(pieces)]
            if kind == "item":
                for piece in pieces:
                    yield from _fact(kind, plain(piece))
            elif kind:
                yield from _fact(kind, plain("".join(pieces)))


def _texts(root: Element) -> Iterator[tuple[str, str]]:
    for item in all_named(root, "TextObject"):
        yield item.get("ID", ""), "".join(code.text or "" for code in all_named(item, "TextCode"))


def _fact(kind: str, text: str) -> Iterator[Fact]:
    value = text
    if kind.startswith("amount"):
        value = minor_of(text)
    elif kind == "issued_on":
        value = day_of(text)
    elif kind.startswith("fapiao") or kind in _TAX_IDS:
        value = normal(text)
    if value and not (kind in _TAX_IDS and is_personal_id(value)):
        yield Fact(kind, value, "ofd")
