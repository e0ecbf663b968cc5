"""Paper: the fonts of every PDF that the server makes. None has to be installed here, Chinese included."""

from __future__ import annotations

import io
import lzma
from functools import cache
from pathlib import Path

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

rl_config.useA85 = 0  # pictures go into a file as they are: text armour would make them a quarter longer, and slowly
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
_HAN = Path(__file__).with_name("fonts") / "wqy-microhei.ttc.xz"


@cache
def han() -> str:
    """The name of a font for Chinese and Latin text. A file embeds what it uses of it, so every viewer shows it."""
    pdfmetrics.registerFont(TTFont("Han", io.BytesIO(lzma.decompress(_HAN.read_bytes())), subfontIndex=0))
    return "Han"


def fitted(text: str, font: str, size: float, width: float) -> str:
    """As much of a line as fits into a width in points, with an ellipsis where it was cut."""
    if pdfmetrics.stringWidth(text, font, size) <= width:
        return text
    while text and pdfmetrics.stringWidth(f"{text}…", font, size) > width:
        text = text[:-1]
    return f"{text}…"


def wrapped(text: str, font: str, size: float, width: float, lines: int) -> list[str]:
    """A text in at most so many lines of a width in points; Chinese breaks anywhere."""
    found: list[str] = []
    while text and len(found) < lines - 1:
        end = len(text)
        while end > 1 and pdfmetrics.stringWidth(text[:end], font, size) > width:
            end -= 1
        space = text.rfind(" ", 0, end + 1) if end < len(text) else -1
        end = space if space > 0 and text[:end].isascii() else end
        found.append(text[:end].strip())
        text = text[end:].strip()
    return [*found, fitted(text, font, size, width)] if text else found
