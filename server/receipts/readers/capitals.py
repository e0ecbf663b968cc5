"""Amounts in Chinese capitals (大写金额), which tell whether the figures were altered or misread."""

from __future__ import annotations

import re

_DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")} | {"〇": 0, "两": 2}
_LIKE = str.maketrans("貳參陸柒萬圓園弍弐园拾佰仟", "贰叁陆柒万圆圆贰贰圆拾佰仟")
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}
CAPITALS = re.compile(
    r"[负]?[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]+[圆元](?:零?[壹贰叁肆伍陆柒捌玖]角)?(?:零?[壹贰叁肆伍陆柒捌玖]分)?整?"
)


def minor_of_capitals(text: str) -> str:
    """`肆仟肆佰肆拾玖圆整` as `444900`; empty where the text is no such amount."""
    text = text.translate(_LIKE).replace(" ", "")
    match = CAPITALS.search(text)
    if not match:
        return ""
    amount = match[0]
    whole, _, rest = amount.removeprefix("负").replace("元", "圆").partition("圆")
    yuan = _whole(whole)
    if yuan is None:
        return ""
    jiao = re.search(r"([壹贰叁肆伍陆柒捌玖])角", rest)
    fen = re.search(r"([壹贰叁肆伍陆柒捌玖])分", rest)
    minor = yuan * 100 + (_DIGITS[jiao[1]] * 10 if jiao else 0) + (_DIGITS[fen[1]] if fen else 0)
    return f"-{minor}" if amount.startswith("负") else str(minor)


def _whole(text: str) -> int | None:
    total, part, digit = 0, 0, 0
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _UNITS:
            part += (digit or 1) * _UNITS[character]
            digit = 0
        elif character == "万":
            total = (total + part + digit) * 10_000
            part = digit = 0
        elif character == "亿":
            total = (total + part + digit) * 100_000_000
            part = digit = 0
        else:
            return None
    return total + part + digit
