"""One document read: which of its fields came out right."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from typing import Literal

from bench.reader_verdict import Verdict, billed_elsewhere, far_from, verdict
from server.receipts.readers import read
from server.receipts.readers.fact import SURE, Fact, Reading, Unreadable
from tests.documents import Sample, Truth, make

Answer = Literal["right", "wrong", "absent"]

FIELDS = ("number", "date", "amount", "document", "seller_tax_id", "seller_name", "buyer_tax_id", "legs")
_PLAIN = {
    "date": ("issued_on", "issued_on"),
    "document": ("document", "document"),
    "seller_tax_id": ("seller_tax_id", "seller_tax_id"),
    "seller_name": ("seller_name", "seller_name"),
    "buyer_tax_id": ("buyer_tax_id", "buyer_tax_id"),
}
"""A field, the kind of the fact, and the truth's name for it."""


@dataclass(frozen=True)
class Field:
    """What was answered for one field."""

    answer: Answer
    is_sure: bool = False
    said: str = ""


@dataclass(frozen=True)
class Outcome:
    """One document. `fields` leaves out what it does not state, unless something was answered nevertheless."""

    kind: str
    seed: int
    group: str
    fields: dict[str, Field]
    here: Verdict
    away: Verdict
    at_office: Verdict | None
    seconds: float
    refused: str = ""
    crash: str = ""


def outcome(kind: str, seed: int) -> Outcome:
    """Draw, read and compare one document."""
    sample = make(kind, seed, camera=True)
    started = time.perf_counter()
    reading, refused, crash = Reading("none", ""), "", ""
    try:
        reading = read(sample.data, sample.media_type)
    except Unreadable as error:
        refused = error.code
    except Exception:  # the outermost edge: one crash is a result, not the end of the run
        crash = traceback.format_exc(limit=-3)
    seconds = time.perf_counter() - started
    office = billed_elsewhere(sample)
    return Outcome(
        kind=kind,
        seed=seed,
        group=group_of(sample),
        fields=compared(sample.truth, reading),
        here=verdict(sample, reading, sample.truth.place),
        away=verdict(sample, reading, far_from(sample, seed)),
        at_office=verdict(sample, reading, office) if office else None,
        seconds=seconds,
        refused=refused,
        crash=crash,
    )


def group_of(sample: Sample) -> str:
    """Digital file, picture with a readable QR code, or picture without."""
    if not sample.media_type.startswith("image/"):
        return "files"
    return "pictures with QR" if sample.truth.has_qr else "pictures without QR"


def compared(truth: Truth, reading: Reading) -> dict[str, Field]:
    """Each field: right, wrong or absent. Of several answers the surest counts."""
    fields = {"number": _number(truth, reading), "amount": _one(reading.best("amount_total"), str(truth.amount_minor))}
    for field, (kind, name) in _PLAIN.items():
        fact, expected = reading.best(kind), str(getattr(truth, name))
        if expected or fact:
            fields[field] = _one(fact, expected)
    if any(leg.departure for leg in truth.legs):
        fields["legs"] = _legs(truth, reading)
    return fields


def _one(fact: Fact | None, expected: str) -> Field:
    if fact is None:
        return Field("absent")
    is_right = _bare(fact.value) == _bare(expected)
    return Field("right" if is_right else "wrong", fact.confidence >= SURE, fact.value)


def _number(truth: Truth, reading: Reading) -> Field:
    """Number and code together; a code that is missing makes the identity absent."""
    number = reading.best("fapiao_number")
    if number is None:
        return Field("absent")
    codes = [fact for fact in reading.facts if fact.kind == "fapiao_code" and fact.source == number.source]
    code = max(codes, key=lambda fact: fact.confidence, default=None)
    said = f"{code.value if code else ''} {number.value}".strip()
    sure = min(number.confidence, code.confidence if code else 1.0) >= SURE
    if code is None and truth.fapiao_code and number.value == truth.fapiao_number:
        return Field("absent", False, said)
    is_right = number.value == truth.fapiao_number and (code.value if code else "") == truth.fapiao_code
    return Field("right" if is_right else "wrong", sure, said)


def _legs(truth: Truth, reading: Reading) -> Field:
    """All ends with their prefectures, and the days; a toll slip's gates may come under names of their own."""
    said: dict[tuple[int, str], Fact] = {}
    for fact in sorted(reading.facts, key=lambda fact: fact.confidence):
        said[fact.leg, fact.kind.removeprefix("toll_")] = fact
    ends = [
        (said.get((at, name)), getattr(leg, name))
        for at, leg in enumerate(truth.legs)
        for name in ("departure", "destination")
    ]
    if all(fact is None for fact, _ in ends):
        return Field("absent")
    is_right = all(fact is not None and _bare(fact.value).removesuffix("站") == _bare(stop) for fact, stop in ends)
    is_sure = all(fact is not None and fact.confidence >= SURE for fact, _ in ends)
    text = " ".join(fact.value if fact else "?" for fact, _ in ends)
    if not is_right and any(fact is None for fact, _ in ends):
        return Field("absent", False, text)
    return Field("right" if is_right else "wrong", is_sure, text)


def _bare(text: str) -> str:
    """Without spaces, and with brackets and colons in one form."""
    return "".join(text.split()).translate(str.maketrans("（）：，", "():,"))
