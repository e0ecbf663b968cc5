"""Which places the facts of a document name, as divisions (GB/T 2260)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from server.places.airports import airport_division
from server.places.divisions import granularity
from server.places.naming import division_of, mentions
from server.places.position import divisions_at
from server.places.stations import station_division
from server.receipts.fapiao import parse_fapiao, registration_region
from server.receipts.readers.fact import Fact

_PHONE = re.compile(r"[\s;,，；]*(?:电话[:：]?)?\s*(?:\(?0[0-9]{2,3}\)?[-\s]?)?[0-9]{7,12}\s*$")
_NOT_OF_SERVICE = re.compile(r"购|买方|开户|银行|账号|收货|邮寄|备案|收款|复核|销售?方地址")
_OF_STAY = re.compile(r"酒店|宾馆|旅馆|旅店|客栈|民宿|公寓|饭店|招待所|度假村|入住|店[)）]")
_BRANCH = re.compile(r"分公司|分店|支公司|营业部|店[)）]?$")
_SLIP = ("toll_departure", "toll_destination")


def with_places(facts: Sequence[Fact]) -> list[Fact]:
    """The facts, those that name a place with its division, and the places that the numbers stand for."""
    near = _regions(facts)
    placed = [fact if fact.division else _placed(fact, facts, near) for fact in facts]
    known = {(fact.kind, fact.source, fact.division) for fact in placed}
    more = [fact for fact in _from_numbers(facts) if (fact.kind, fact.source, fact.division) not in known]
    return [*placed, *more]


def _placed(fact: Fact, facts: Sequence[Fact], near: Sequence[str]) -> Fact:
    if fact.kind in ("departure", "destination"):
        return _at(fact, _stop(fact, facts))
    if fact.kind == "seller_address":
        fact = replace(fact, value=_PHONE.sub("", fact.value) or fact.value)
        return _at(fact, division_of(fact.value, near))
    if fact.kind == "seller_name":
        return _at(fact, _place_of_name(fact.value, near))
    if fact.kind in ("service_place", "title"):
        return _at(fact, division_of(fact.value, near))
    if fact.kind == "position":
        lat, lon = (float(part) for part in fact.value.split(","))
        at = divisions_at(lat, lon)
        return _at(fact, at[0] if len(at) == 1 else None)
    return fact


def _stop(fact: Fact, facts: Iterable[Fact]) -> str | None:
    """The division of a station, an airport, or a city as its name stands on a ticket; an unknown one stays unknown."""
    document = next((other.value for other in facts if other.kind == "document"), "")
    if document == "rail":
        return station_division(fact.value)
    if document == "air":
        return airport_division(fact.value)
    return division_of(fact.value) or station_division(fact.value) or airport_division(fact.value)


def _place_of_name(name: str, near: Sequence[str]) -> str | None:
    """The place in a company's name: of a branch its own (上海…公司杭州分公司 is in Hangzhou)."""
    branch = _BRANCH.search(name)
    if branch:
        named = [mention for mention in mentions(name[: branch.end()], near) if len(mention.codes) == 1]
        return named[-1].codes[0] if named else None
    return division_of(name, near)


def _from_numbers(facts: Sequence[Fact]) -> Iterator[Fact]:
    for number in (fact for fact in facts if fact.kind == "fapiao_number"):
        same = [fact for fact in facts if fact.kind == "fapiao_code" and fact.source == number.source]
        code = same[0] if len(number.value) == 8 and same else None
        fapiao = parse_fapiao(code.value if code else "", number.value)
        if fapiao and fapiao.region:
            kind = "local_code" if fapiao.kind == "local" else "fapiao_region"
            value = (code.value if code else "") + number.value
            sure = min(number.confidence, code.confidence if code else 1.0)
            region, depth = fapiao.region
            yield replace(number, kind=kind, value=value, confidence=sure, division=region, granularity=depth)
    for seller in (fact for fact in facts if fact.kind == "seller_tax_id"):
        registered = registration_region(seller.value)
        if registered:
            division, depth = registered
            yield replace(seller, kind="seller_registration", division=division, granularity=depth)
    for remark in (fact for fact in facts if fact.kind == "remark"):
        yield from _service_places(remark)


def _service_places(remark: Fact) -> Iterator[Fact]:
    """Where a remark says that the guest stayed: it names a hotel. Projects, buyers, banks, deliveries are left out."""
    for part in re.split(r"[;；\n。]|\s{2,}", remark.value):
        place = division_of(part) if _OF_STAY.search(part) and not _NOT_OF_SERVICE.search(part) else None
        if place:
            yield _at(replace(remark, kind="service_place", value=part.strip()), place)


def _regions(facts: Iterable[Fact]) -> list[str]:
    """Where the numbers point: it tells one 鼓楼区 from the other."""
    found = []
    for fact in facts:
        if fact.kind == "seller_tax_id" and (region := registration_region(fact.value)):
            found.append(region[0])
        elif fact.kind == "fapiao_number" and (fapiao := parse_fapiao("", fact.value)) and fapiao.region:
            found.append(fapiao.region[0])
    return found


def _at(fact: Fact, code: str | None) -> Fact:
    return replace(fact, division=code, granularity=granularity(code)) if code else fact
