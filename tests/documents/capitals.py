"""Amounts in the capital numerals of Chinese vouchers (Regulations on the form of vouchers, 支付结算办法 annex 1)."""

from __future__ import annotations

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def in_capitals(minor: int) -> str:
    """Fen in capitals: 52600 gives 伍佰贰拾陆圆整, 10907 gives 壹佰零玖圆零柒分."""
    yuan, fen = divmod(minor, 100)
    tenths, hundredths = divmod(fen, 10)
    text = f"{_whole(yuan)}圆" if yuan else ""
    if not fen:
        return f"{text or '零圆'}整"
    if tenths:
        text += f"{_DIGITS[tenths]}角"
    elif yuan:
        text += "零"
    return text + (f"{_DIGITS[hundredths]}分" if hundredths else "整")


def _whole(number: int) -> str:
    groups = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text = ""
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if not group:
            continue
        if text and (group < 1000 or not groups[place + 1]):
            text += "零"
        text += _group(group) + _GROUPS[place]
    return text


def _group(number: int) -> str:
    """A number below 10,000, with one 零 for zeros between digits."""
    text, skipped = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if not digit:
            skipped = bool(text)
            continue
        text += ("零" if skipped else "") + _DIGITS[digit] + _UNITS[place]
        skipped = False
    return text
