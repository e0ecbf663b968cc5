"""The Chinese fonts of the distribution, found in its usual folders."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from PIL import ImageFont

Face = Literal["song", "song-bold", "hei", "hei-bold", "mono", "slip"]

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts")
_FACES: dict[Face, tuple[str, str]] = {
    "song": ("NotoSerifCJK-Regular.ttc", "Noto Serif CJK SC"),
    "song-bold": ("NotoSerifCJK-Bold.ttc", "Noto Serif CJK SC"),
    "hei": ("NotoSansCJK-Regular.ttc", "Noto Sans CJK SC"),
    "hei-bold": ("NotoSansCJK-Bold.ttc", "Noto Sans CJK SC"),
    "mono": ("NotoSansCJK-Regular.ttc", "Noto Sans Mono CJK SC"),
    "slip": ("wqy-zenhei.ttc", "WenQuanYi Zen Hei"),
}
_PACKAGES = "fonts-noto-cjk and fonts-wqy-zenhei"


class FontMissing(Exception):
    """A Chinese font that the generator draws with is not installed."""


@cache
def font_file(name: str) -> Path:
    """Where a font file lies. Raises FontMissing."""
    for folder in _FOLDERS:
        found = next(Path(folder).expanduser().rglob(name), None)
        if found:
            return found
    raise FontMissing(f"{name} is not in {', '.join(_FOLDERS)}: install the packages {_PACKAGES}")


@cache
def font_index(face: Face) -> int:
    """Which font of its collection a face is."""
    name, family = _FACES[face]
    path = str(font_file(name))
    for index in range(20):
        try:
            if ImageFont.truetype(path, 10, index=index).getname()[0] == family:
                return index
        except OSError:
            break
    raise FontMissing(f"{name} holds no {family}: install the packages {_PACKAGES}")


@cache
def font(face: Face, pixels: int) -> ImageFont.FreeTypeFont:
    """A face at a height in pixels. Raises FontMissing."""
    return ImageFont.truetype(str(font_file(_FACES[face][0])), max(pixels, 1), index=font_index(face))
