"""A page as a hurried technician photographs it: on a table, a little skewed, in the light there is.

Ranges are those of ordinary phone photos of paper, chosen by eye; they were not fitted to any reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.documents.raster import jpeg

Pixels = NDArray[Any]
_TABLES = ((196, 188, 178), (142, 104, 70), (92, 62, 40), (214, 214, 210), (70, 74, 80), (168, 170, 160), (46, 44, 46))
_SPARE = 1.15
"""The page is drawn this much finer than it appears, so that shrinking it smooths it."""


@dataclass(frozen=True)
class Shot:
    """How one photo is taken. Sizes in pixels, angles in degrees, shares of one."""

    width: int
    height: int
    fill: float
    angle: float
    tilt: tuple[float, ...]
    curl: float
    blur: float
    motion: int
    is_dark: bool
    quality: int
    turn: int
    is_turn_tagged: bool
    has_position: bool

    def scale(self, page_width: float, page_height: float) -> float:
        """Pixels to a millimetre at which to draw a page of that size."""
        return _SPARE * self.fill * min(self.width / page_width, self.height / page_height)


def aim(random: np.random.Generator, *, is_wide: bool, is_slip: bool) -> Shot:
    """A shot from the realistic ranges. The frame lies as the page does; a slip is often left small in it."""
    long = int(random.integers(1600, 2401))
    short = long * 3 // 4
    sharp, soft, missed = random.uniform(0.3, 0.9), random.uniform(0.9, 1.6), random.uniform(1.6, 2.8)
    blur = float(random.choice([sharp, soft, missed], p=[0.67, 0.26, 0.07]))
    return Shot(
        width=long if is_wide else short,
        height=short if is_wide else long,
        fill=float(random.uniform(0.42, 0.93) if is_slip else random.uniform(0.78, 0.97)),
        angle=float(np.clip(random.normal(0, 3), -8, 8)),
        tilt=tuple(random.uniform(0, 0.045, 8)),
        curl=float(random.choice([0.0, random.uniform(0.001, 0.005)], p=[0.3, 0.7])),
        blur=blur,
        motion=int(random.integers(3, 9)) if random.random() < 0.08 else 0,
        is_dark=bool(random.random() < 0.2),
        quality=int(random.integers(40, 91)),
        turn=int(random.choice([0, 90, 270, 180], p=[0.78, 0.11, 0.09, 0.02])),
        is_turn_tagged=bool(random.random() < 0.65),
        has_position=bool(random.random() < 0.3),
    )


def photograph(
    drawn: Image.Image, shot: Shot, random: np.random.Generator, taken_at: str, position: tuple[float, float]
) -> bytes:
    """A JPEG of the page (RGBA; where it is clear, the table shows). `taken_at` is `YYYY:MM:DD HH:MM:SS`."""
    paper = _crumpled(np.asarray(drawn.convert("RGBA")), shot, random)
    frame = _laid(paper, _table(shot, random), shot, random)
    frame = _lit(frame, shot, random)
    frame = _focused(frame, shot, random)
    picture = Image.fromarray(frame)
    if shot.turn:
        picture = picture.rotate(shot.turn, expand=True)
    return jpeg(picture, shot.quality, _exif(shot, taken_at, position))


def _crumpled(paper: Pixels, shot: Shot, random: np.random.Generator) -> Pixels:
    """Folds and crumples as light and shade; the bending itself is done when the page is laid down."""
    height, width = paper.shape[:2]
    shade = np.ones((height, width), np.float32)
    if shot.curl:
        hills = _smooth(random, (height, width), 12) + _smooth(random, (height, width), 5) * 2
        slope = cv2.Sobel(hills, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(hills, cv2.CV_32F, 0, 1, ksize=3)
        shade += slope / (float(slope.std()) + 1e-9) * np.float32(random.uniform(0.004, 0.028))
    if random.random() < 0.35:
        _fold(shade, random)
    coloured = np.clip(paper[..., :3] * shade[..., None], 0, 255).astype(np.uint8)
    return np.dstack([coloured, paper[..., 3]])


def _fold(shade: Pixels, random: np.random.Generator) -> None:
    """A crease across the page, one side of it darker."""
    is_upright = random.random() < 0.5
    length = shade.shape[1] if is_upright else shade.shape[0]
    at, reach = int(length * random.uniform(0.3, 0.7)), max(length // 60, 4)
    profile = np.ones(length, np.float32)
    profile[:at] *= random.uniform(0.93, 1.0)
    profile[at : at + reach] *= np.linspace(random.uniform(0.82, 0.94), 1, reach)
    shade *= profile[None, :] if is_upright else profile[:, None]


def _table(shot: Shot, random: np.random.Generator) -> Pixels:
    """A plain, grained or woven surface."""
    base = np.array(_TABLES[int(random.integers(len(_TABLES)))], np.float32)
    size = (shot.height, shot.width)
    grain = _smooth(random, size, int(random.choice([3, 9, 40])), stretch=float(random.choice([1, 8])))
    fine = random.normal(0, 3, size).astype(np.float32)
    return np.clip(base + ((grain - 0.5) * random.uniform(4, 46) + fine)[..., None], 0, 255)


def _laid(paper: Pixels, table: Pixels, shot: Shot, random: np.random.Generator) -> Pixels:
    """The paper on the table, seen from an angle, a little bent, with the soft shadow of its edge."""
    height, width = paper.shape[:2]
    corners = _corners(shot, width, height)
    back = cv2.getPerspectiveTransform(
        corners, np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    )
    columns, rows = np.meshgrid(np.arange(shot.width, dtype=np.float32), np.arange(shot.height, dtype=np.float32))
    depth = back[2, 0] * columns + back[2, 1] * rows + back[2, 2]
    x = (back[0, 0] * columns + back[0, 1] * rows + back[0, 2]) / depth
    y = (back[1, 0] * columns + back[1, 1] * rows + back[1, 2]) / depth
    if shot.curl:
        bend = shot.curl * max(width, height) * 2
        x += (_smooth(random, x.shape, 4) - 0.5) * bend
        y += (_smooth(random, x.shape, 4) - 0.5) * bend
    seen = cv2.remap(paper, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderValue=(0, 0, 0, 0))
    cover = (seen[..., 3:] / 255).astype(np.float32)
    shadow = cv2.GaussianBlur(cover[..., 0], (0, 0), 9)
    shadow = np.roll(shadow, (int(random.integers(2, 9)), int(random.integers(-7, 8))), (0, 1))
    return seen[..., :3] * cover + table * (1 - 0.45 * shadow[..., None]) * (1 - cover)


def _corners(shot: Shot, width: int, height: int) -> Pixels:
    """Where the page's corners lie in the frame: turned, drawn in a little each, and held inside."""
    scale = shot.fill * min(shot.width / width, shot.height / height)
    half = np.array([width, height]) * scale / 2
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
    pull = 1 - np.array(shot.tilt).reshape(4, 2)
    angle = np.radians(shot.angle)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points = (square * pull * half) @ turn
    room = np.array([shot.width, shot.height]) / 2 * 0.985
    points *= min(1.0, float(np.min(room / np.abs(points).max(0))))
    return (points + np.array([shot.width, shot.height]) / 2).astype(np.float32)


def _lit(frame: Pixels, shot: Shot, random: np.random.Generator) -> Pixels:
    """A gradient over the frame, now and then a hand's shadow or a lamp's glare, a cast of colour, the exposure."""
    height, width = frame.shape[:2]
    columns, rows = np.meshgrid(
        np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    )
    angle = random.uniform(0, 2 * np.pi)
    light = 1 + (columns * np.cos(angle) + rows * np.sin(angle)) * random.uniform(0, 0.16)
    light -= (columns**2 + rows**2) * random.uniform(0, 0.07)
    if random.random() < 0.35:
        x, y = random.uniform(-0.9, 0.9, 2)
        reach = random.uniform(0.35, 0.9)
        inside = 1 / (1 + np.exp((np.hypot(columns - x, (rows - y) * 0.8) - reach) * random.uniform(8, 30)))
        light *= 1 - inside * random.uniform(0.12, 0.4)
    if random.random() < 0.1:
        x, y = random.uniform(-0.8, 0.8, 2)
        distance = (columns - x) ** 2 + (rows - y) ** 2
        light += np.exp(-distance / random.uniform(0.02, 0.12)) * random.uniform(0.2, 0.9)
    exposure = random.uniform(0.42, 0.68) if shot.is_dark else random.uniform(0.78, 1.03)
    cast = 1 + random.uniform(-0.045, 0.045, 3) + (np.array([0.05, 0, -0.07]) if shot.is_dark else 0)
    return frame * light[..., None] * (exposure * cast)


def _focused(frame: Pixels, shot: Shot, random: np.random.Generator) -> Pixels:
    """Blur, then the sensor's noise, then the little sharpening that every phone does."""
    frame = cv2.GaussianBlur(frame.astype(np.float32), (0, 0), shot.blur)
    if shot.motion:
        streak = np.zeros((shot.motion, shot.motion), np.float32)
        np.fill_diagonal(streak if random.random() < 0.5 else np.fliplr(streak), 1 / shot.motion)
        frame = cv2.filter2D(frame, -1, streak)
    strength = random.uniform(4, 9) if shot.is_dark else random.uniform(1, 4)
    noise = random.standard_normal(frame.shape, np.float32) * np.float32(strength)
    frame = frame + cv2.GaussianBlur(noise, (0, 0), 0.6)
    frame = frame + (frame - cv2.GaussianBlur(frame, (0, 0), 1.4)) * np.float32(random.uniform(0.1, 0.5))
    return np.clip(frame, 0, 255).astype(np.uint8)


def _smooth(random: np.random.Generator, size: tuple[int, int], knots: int, stretch: float = 1.0) -> Pixels:
    """Noise between 0 and 1 that changes slowly, over so many knots along the page."""
    few = random.random((max(int(knots * stretch), 2), max(knots, 2)), np.float32)
    return cv2.resize(few, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)


def _exif(shot: Shot, taken_at: str, position: tuple[float, float]) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Example", "Example Phone"
    exif[0x0112] = {90: 6, 270: 8, 180: 3}.get(shot.turn, 1) if shot.is_turn_tagged else 1
    exif[0x0132] = taken_at
    exif.get_ifd(0x8769)[0x9003] = taken_at
    if shot.has_position:
        latitude, longitude = position
        exif.get_ifd(0x8825).update({1: "N", 2: _degrees(latitude), 3: "E", 4: _degrees(longitude)})
    return exif


def _degrees(value: float) -> tuple[float, float, float]:
    minutes = (value - int(value)) * 60
    return float(int(value)), float(int(minutes)), round((minutes - int(minutes)) * 60, 2)
