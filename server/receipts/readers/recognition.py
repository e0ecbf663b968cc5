"""Text in a picture, by the recognition models that come inside their package (PP-OCRv6, on the processor).

What matters is read again: lines with figures or names are cut out anew, in other sizes, and recognised once more each.
Only what comes out the same every time may count as sure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rapidocr import RapidOCR

from server.receipts.readers.fact import Box
from server.receipts.readers.lines import Line
from server.receipts.readers.values import plain

SIDE = 2000
"""Longest side in pixels of the part of a picture that has text; a whole invoice has letters of 16 pixels then."""
OPENED_SIDE = 2800
"""Longest side of the whole picture: an invoice may fill a third of a photographed sheet."""
_GLANCE, _FEW, _MARGIN, _MOST_ENLARGED = 640, 4, 0.04, 1.5
_SMOOTH = Image.Resampling.BICUBIC
DETECTION_SIDE = 960
"""Longest side of the picture in which lines are looked for; they are then read at full size."""
_FIGURES = re.compile(r"[0-9]{6}|20[0-9]{2}\s*[年./-]|[0-9]\.[0-9]{2}|[0-9]元")
_NAME = re.compile(r"^[\u4e00-\u9fff]{2,7}\s?站$|有限公司|酒店|店[)）]?$|出租|餐|宾馆")
_CIPHER = re.compile(r"[<>*+/].*[<>*+/]")
_TWICE_AT_MOST = 24
_LOOKS = ((64, 1.12), (40, 1.3), (96, 1.0))
"""How lines are cut out anew: their height in pixels, and how much more of the page is around them."""
Corners = NDArray[np.float64]
"""Four corners of a line in pixels, from its top left clockwise: shape (4, 2)."""


def recognise(picture: Image.Image) -> list[Line]:
    """The lines of text in an upright or turned picture, each where it stands there."""
    left, top, right, bottom = _text_area(picture)
    page = picture.crop((left, top, right, bottom))
    scale = min(_MOST_ENLARGED, SIDE / max(page.size))
    if scale != 1:
        page = page.resize((max(1, round(page.width * scale)), max(1, round(page.height * scale))), _SMOOTH)
    found = _engine()(np.asarray(page)[:, :, ::-1], use_det=True, use_cls=True, use_rec=True)
    if found.boxes is None or found.txts is None:
        return []
    corners = np.asarray(found.boxes, dtype=np.float64)
    texts = [plain(text) for text in found.txts]
    again = _second_look(page, corners, texts)
    corners = corners / scale + np.array([left, top])
    spots = [_spot(corner, picture) for corner in corners]
    return [
        Line(text, spot, float(score), spot=spot, corners=tuple(map(tuple, corner.tolist())), same_twice=again.get(at))
        for at, (text, score, spot, corner) in enumerate(zip(texts, found.scores, spots, corners, strict=True))
    ]


def _text_area(picture: Image.Image) -> tuple[int, int, int, int]:
    """Where there is text at all, by a quick look; the rest is table. Left, top, right, bottom in pixels."""
    small = picture.copy()
    small.thumbnail((_GLANCE, _GLANCE), _SMOOTH)
    found = _engine()(np.asarray(small)[:, :, ::-1], use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None or len(found.boxes) < _FEW:
        return 0, 0, *picture.size
    corners = np.asarray(found.boxes, dtype=np.float64).reshape(-1, 2) * (picture.width / small.width)
    margin = _MARGIN * max(picture.size)
    left, top = np.maximum(corners.min(axis=0) - margin, 0)
    right, bottom = np.minimum(corners.max(axis=0) + margin, picture.size)
    return int(left), int(top), int(right), int(bottom)


@cache
def _engine() -> Any:
    """The models, loaded once: 0.4 s, and 0.4 GB of memory with a picture."""
    options = {
        "Global.log_level": "critical",
        "Global.max_side_len": SIDE,
        "Det.limit_type": "max",
        "Det.limit_side_len": DETECTION_SIDE,
        "Rec.rec_batch_num": 2,
        "EngineConfig.onnxruntime.intra_op_num_threads": 2,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    return RapidOCR(params=options)


def _second_look(picture: Image.Image, corners: Corners, texts: Sequence[str]) -> dict[int, bool]:
    """For the lines that matter: whether they read the same each time they are cut out anew."""
    wanted = [at for at, text in enumerate(texts) if _matters(text)]
    wanted = wanted[:_TWICE_AT_MOST]
    if not wanted:
        return {}
    same = dict.fromkeys(wanted, True)
    for height, wider in _LOOKS:
        asked = [at for at in wanted if same[at]]
        for at, text in zip(asked, _read_again(picture, [corners[at] for at in asked], height, wider), strict=True):
            same[at] = _essence(text) == _essence(texts[at])
    return same


def _read_again(picture: Image.Image, corners: Sequence[Corners], height: int, wider: float) -> list[str]:
    crops = [np.asarray(_cut(picture, corner, height, wider))[:, :, ::-1] for corner in corners]
    if not crops:
        return []
    upright, _ = _engine().cls_and_rotate(crops)
    found = _engine().recognize_txt(upright).txts or [""] * len(crops)
    return [plain(text) for text in found]


def _cut(picture: Image.Image, corners: Corners, high: int, wide: float) -> Image.Image:
    """The line in a picture of its own, so many pixels high, with a little more around it than the first time."""
    middle = corners.mean(axis=0)
    width = float(np.linalg.norm(corners[1] - corners[0]))
    height = float(np.linalg.norm(corners[3] - corners[0]))
    if height > 1.5 * width:  # a line that runs upwards is turned, as it was the first time
        corners = np.roll(corners, 1, axis=0)
        width, height = height, width
    wider = middle + (corners - middle) * np.array([1 + (wide - 1) * height / max(width, 1.0), wide])
    size = max(8, round(width * high / max(height, 1.0))), high
    left_top, right_top, right_bottom, left_bottom = wider.tolist()
    quad = (*left_top, *left_bottom, *right_bottom, *right_top)
    return picture.transform(size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC)


def _matters(text: str) -> bool:
    return bool(_NAME.search(text) or _FIGURES.search(text)) and not _CIPHER.search(text)


def _essence(text: str) -> str:
    """What must be the same: of a line with figures these and the capitals, of another one its words."""
    figures = re.sub(r"[^0-9A-Z.]", "", text)
    return figures if len(figures) >= 3 else re.sub(r"[^0-9A-Za-z\u4e00-\u9fff]", "", text)


def _spot(corners: Corners, picture: Image.Image) -> Box:
    left, top = _fractions(corners.min(axis=0), picture)
    right, bottom = _fractions(corners.max(axis=0), picture)
    return left, top, right, bottom


def _fractions(point: Corners, picture: Image.Image) -> tuple[float, float]:
    x, y = np.clip(point / np.array(picture.size), 0.0, 1.0)
    return float(x), float(y)
