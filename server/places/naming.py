"""Which administrative divisions a text names: an address, the name of a company, the title of a taxi slip.

A name is believed only where it stands for the place: 杭州 in «杭州西湖酒店有限公司» does, in «上海市杭州路» it is a
street, 兰州 in «兰州拉面» a dish. It is better to hear nothing than the wrong city: a receipt can be refused for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from server.places.divisions import division, granularity, prefecture_of, province_of
from server.places.gazetteer import Entry, Use, entries, is_after_trap, is_in_word, lengths_from

_JOINTS = " ·-,，、/\u3000"
"""What may stand between a division and the one within it: «浙江省 杭州市»."""
_LEADING = "从至到往赴在"
"""After these words, as at the start, a town's short name is a town's name: «从昆山到上海»."""


@dataclass(frozen=True)
class Mention:
    """A place in a text: the words, where they start, and the codes they can mean (one, if the text says which)."""

    text: str
    start: int
    codes: tuple[str, ...]


def mentions(text: str, near: Sequence[str] = ()) -> list[Mention]:
    """The divisions that a text names, in its order; `near` are codes known from elsewhere, for namesakes.

    A division and one within it that follow each other are one mention of the finer one. Give text in NFKC.
    """
    found: list[Mention] = []
    at = 0
    while at < len(text) - 1:
        step = _read(text, at, found)
        at = step if step else at + 1
    return [_told_apart(mention, found, near) for mention in found]


def division_of(text: str, near: Sequence[str] = ()) -> str | None:
    """The finest division that a text names, of prefecture level or deeper; None if it names none, or two places."""
    groups = [mention.codes for mention in mentions(text, near)]
    prefectures = {prefecture_of(code) for codes in groups for code in codes if len(codes) == 1} - {None}
    if not prefectures:
        prefectures = {prefecture_of(code) for codes in groups for code in codes}
    if len(prefectures) != 1:
        return None
    place = prefectures.pop()
    if place is None or not all(any(_agrees(code, place) for code in codes) for codes in groups):
        return None
    counties = {codes[0] for codes in groups if len(codes) == 1 and granularity(codes[0]) == "county"}
    return counties.pop() if len(counties) == 1 else place


def _read(text: str, at: int, found: list[Mention]) -> int | None:
    """Read the name that starts here, if there is one, into `found`. Answers where to go on."""
    for length in lengths_from(text[at : at + 2]):
        name = text[at : at + length]
        known = entries(name)
        if known is None or len(name) < length:
            continue
        end = at + length
        if not known:
            return end
        if is_in_word(name, text, end):
            continue
        codes = _codes(known, text, at, end, found)
        if codes:
            _add(found, text, at, end, codes)
            return end
        if any(entry.use is not Use.AFTER_PARENT for entry in known) and all(entry.is_short for entry in known):
            return end
    return None


def _codes(known: Sequence[Entry], text: str, at: int, end: int, found: list[Mention]) -> tuple[str, ...]:
    """The codes that the name can mean at this place of the text; none where it is a street, a dish, a word."""
    short_is_word = is_after_trap(text, end)
    usable = [entry for entry in known if not (entry.is_short and short_is_word)]
    parent = _parent(text, at, found)
    if parent:
        within = [entry for entry in usable if any(_may_follow(entry, code) for code in parent.codes)]
        if within:
            return _highest(entry.code for entry in within)
    return _highest(entry.code for entry in usable if _stands_alone(entry, text, at, parent))


def _may_follow(entry: Entry, parent: str) -> bool:
    """Whether the division can be named right after its parent: after a province, no bare name of a district."""
    if not _is_within(entry.code, parent):
        return False
    return entry.deep or prefecture_of(parent) is not None


def _stands_alone(entry: Entry, text: str, at: int, parent: Mention | None) -> bool:
    before = text[at - 1] if at else ""
    if entry.use is Use.AFTER_PARENT:
        return False
    if entry.use is Use.AT_START:
        return not before or before in _LEADING or not "\u4e00" <= before <= "\u9fff"
    return parent is not None or before not in entry.not_after or not before


def _parent(text: str, at: int, found: list[Mention]) -> Mention | None:
    """The mention that ends right here."""
    if not found:
        return None
    end = found[-1].start + len(found[-1].text)
    return found[-1] if end == at or (end == at - 1 and text[end] in _JOINTS) else None


def _add(found: list[Mention], text: str, at: int, end: int, codes: tuple[str, ...]) -> None:
    parent = _parent(text, at, found)
    if parent and any(_is_within(code, upper) for code in codes for upper in parent.codes):
        found[-1] = Mention(text[parent.start : end], parent.start, codes)
    else:
        found.append(Mention(text[at:end], at, codes))


def _told_apart(mention: Mention, found: list[Mention], near: Sequence[str]) -> Mention:
    """Of namesakes, those that lie where the rest of the text is, else where `near` is, else all."""
    if len(mention.codes) == 1:
        return mention
    context = [other.codes[0] for other in found if other is not mention and len(other.codes) == 1]
    for codes in (context, near):
        for nearer in (_same_prefecture, _same_province):
            left = tuple(code for code in mention.codes if any(nearer(code, other) for other in codes))
            if left:
                return Mention(mention.text, mention.start, left)
    return mention


def _same_prefecture(code: str, other: str) -> bool:
    mine = prefecture_of(code)
    return mine is not None and mine == prefecture_of(other)


def _same_province(code: str, other: str) -> bool:
    """Only where the context says no more than the province."""
    return prefecture_of(other) is None and code[:2] == other[:2]


def _is_within(code: str, upper: str) -> bool:
    """Whether the code is a part of the upper one, not itself."""
    return code != upper and upper in _above(code)


def _above(code: str) -> Iterator[str]:
    yield province_of(code)
    prefecture = prefecture_of(code)
    if prefecture:
        yield prefecture


def _highest(codes: Iterable[str]) -> tuple[str, ...]:
    """Without those that lie within another: 大理 is the prefecture, not the city in it. In the order of the codes."""
    kept = sorted(set(codes))
    return tuple(code for code in kept if not any(prefecture_of(code) == other != code for other in kept))


def _agrees(code: str, place: str) -> bool:
    """Whether the code is the place, within it, or a province around it."""
    return prefecture_of(code) == place or (division(code) is not None and code == province_of(place))
