"""The e-invoices of paid lines as an archive: each original byte for byte, and an index of what it was paid for.

财会〔2020〕6号 asks that the electronic file of an e-voucher be kept, also where its print is filed; DA/T 94-2022
says how such files are kept with their data. What this archive does not prove stands in its README.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.attachments.store import FileStore
from server.claims.allowances import is_allowance
from server.payments.cells import Cell, csv_text, yuan
from server.payments.outgoing import Outgoing

ELECTRONIC = {"application/pdf": "pdf", "application/ofd": "ofd", "application/xml": "xml"}
"""The types of e-invoices; a photo is a picture of a paper receipt, and no original."""
FORMAT = 1
_CHUNK = 1024 * 1024
_AMOUNTS = ("amount_minor", "total_minor", "tax_minor")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest day that a zip can name: of a file's age nothing is known here but what the index says."""


@dataclass
class Archive:
    """What goes into one archive. `about` is said in the index: whose it is, what for, when, and the journal's head."""

    lines: Sequence[Outgoing]
    media: Mapping[str, str]
    """The type of each stored file, by hash."""
    files: FileStore
    about: Mapping[str, Any]
    say: Callable[..., str]
    _states: dict[str, tuple[str, int]] = field(default_factory=dict)

    def stream(self) -> Iterator[bytes]:
        """The zip, piece by piece: memory holds the index and one piece of one file."""
        out = _Pieces()
        with zipfile.ZipFile(out, "w") as target:
            for sha256 in dict.fromkeys(sha256 for item in self.lines for sha256 in self._originals(item)):
                for _ in self._copy(target, sha256):
                    yield from out.take()
            entries = [entry for item in self.lines for entry in self._entries(item)]
            texts = {
                "index.csv": self._table(entries).encode("utf-8-sig"),
                "index.json": json.dumps(
                    {**self.about, "format": FORMAT, "entries": entries}, ensure_ascii=False, indent=1
                ).encode(),
                "SHA256SUMS": "".join(f"{name}  {self._path(name)}\n" for name in self._whole()).encode(),
                "README.txt": self._readme().encode("utf-8-sig"),
            }
            for name, data in texts.items():
                target.writestr(_info(name, zipfile.ZIP_DEFLATED), data)
                yield from out.take()
        yield from out.take()

    def _originals(self, item: Outgoing) -> list[str]:
        return [sha256 for sha256 in item.receipt["attachments"] if self.media.get(sha256) in ELECTRONIC]

    def _path(self, sha256: str) -> str:
        return f"originals/{sha256}.{ELECTRONIC[self.media[sha256]]}"

    def _whole(self) -> list[str]:
        return [sha256 for sha256, (state, _) in self._states.items() if state == "whole"]

    def _copy(self, target: zipfile.ZipFile, sha256: str) -> Iterator[None]:
        """Copy one original and note whether it still is what its name says."""
        if not self.files.has(sha256):
            self._states[sha256] = ("missing", 0)
            return
        seen, size = hashlib.sha256(), 0
        with self.files.path(sha256).open("rb") as source, target.open(_info(self._path(sha256)), "w") as copy:
            while piece := source.read(_CHUNK):
                seen.update(piece)
                size += len(piece)
                copy.write(piece)
                yield
        self._states[sha256] = ("whole" if seen.hexdigest() == sha256 else "damaged", size)
        yield

    def _entries(self, item: Outgoing) -> Iterator[dict[str, Any]]:
        for sha256 in self._originals(item) or [""]:
            without = "none" if is_allowance(item.receipt) else "paper"
            state, size = self._states.get(sha256, (without, 0))
            named = {"file": self._path(sha256), "sha256": sha256} if sha256 else {"file": "", "sha256": ""}
            yield named | {"state": state, "size": size} | _about(item)

    def _table(self, entries: Sequence[Mapping[str, Any]]) -> str:
        names = list(entries[0]) if entries else []
        rows: list[Sequence[Cell]] = [[self.say(f"archive.{name.removesuffix('_minor')}") for name in names]]
        rows += [[self._cell(name, entry[name]) for name in names] for entry in entries]
        return csv_text(rows)

    def _cell(self, name: str, value: Any) -> Cell:
        if name in _AMOUNTS:
            return yuan(value) if value is not None else ""
        if name == "state":
            return self.say(f"archive.state_{value}")
        return self.say(f"category.{value}") if name == "category" else value

    def _readme(self) -> str:
        parts = ("title", "what", "index", "check", "not_proved", "basis")
        texts = [
            self.say(f"archive.{part}", language, **self.about) for language in ("zh-Hans", "en") for part in parts
        ]
        return "\r\n\r\n".join(texts) + "\r\n"


class _Pieces(io.RawIOBase):
    """A file that is only written, and taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def take(self) -> Iterator[bytes]:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        yield from pieces


def _info(name: str, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = method
    info.external_attr = 0o644 << 16
    return info


def _about(item: Outgoing) -> dict[str, Any]:
    line, receipt = item.line, item.receipt
    total = item.read("amount_total")
    return {
        "voucher_number": item.voucher_number,
        "dated": item.dated,
        "fapiao_code": item.read("fapiao_code") or receipt["fapiao_code"],
        "fapiao_number": item.read("fapiao_number") or receipt["fapiao_number"],
        "issued_on": item.read("issued_on") or receipt["issued_on"],
        "seller": item.read("seller_name") or receipt["seller_name"],
        "seller_tax_id": item.read("seller_tax_id") or receipt["seller_tax_id"],
        "total_minor": int(total) if total.isdecimal() else None,
        "amount_minor": item.amount_minor,
        "tax_minor": item.tax_minor,
        "currency": line["currency"],
        "category": receipt["category"],
        "payee": item.person["display_name"],
        "payment_reference": line["payment_reference"],
        "claim_id": line["claim_id"],
        "line_id": line["id"],
        "receipt_id": receipt["id"],
    }
