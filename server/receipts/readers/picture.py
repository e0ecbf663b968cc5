"""Opening a stranger's picture within limits, and what its camera noted (EXIF)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from server.attachments.inspect_file import MAX_PIXELS
from server.attachments.inspect_file import open_picture as undecoded
from server.places.position import from_gcj02
from server.receipts.readers.fact import Fact, Unreadable
from server.receipts.readers.values import day_of


def open_picture(data: bytes, media_type: str, side: int) -> Image.Image:
    """The picture upright in RGB, at most `side` pixels wide or high. Raises Unreadable."""
    with _opened(data, media_type) as picture:
        try:
            picture.draft("RGB", (side, side))
            picture.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
            return ImageOps.exif_transpose(picture).convert("RGB")
        except MemoryError as error:
            raise Unreadable("picture_too_large") from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise Unreadable("picture_broken") from error


def camera_facts(data: bytes, media_type: str) -> Iterator[Fact]:
    """Where, when and by what the picture was taken, as it says itself: easily lost, easily altered, proves nothing."""
    with _opened(data, media_type) as picture:
        try:
            exif = picture.getexif()
            details, position = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
        except (OSError, SyntaxError, ValueError, KeyError, TypeError):
            return
    taken = str(details.get(ExifTags.Base.DateTimeOriginal, ""))
    day = day_of(taken[:10].replace(":", "-"))
    if day:
        yield Fact("taken_at", f"{day}{taken[10:19]}", "exif", 0.5)
    device = " ".join(str(exif.get(tag, "")).strip("\0 ") for tag in (ExifTags.Base.Make, ExifTags.Base.Model)).strip()
    if device:
        yield Fact("device", device[:80], "exif", 0.5)
    place = _place(position)
    if place:
        yield Fact("position", f"{place[0]:.5f},{place[1]:.5f}", "exif", 0.5)


def _opened(data: bytes, media_type: str) -> Image.Image:
    try:
        picture = undecoded(io.BytesIO(data), media_type)
    except Image.DecompressionBombError as error:
        raise Unreadable("picture_too_large") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Unreadable("picture_broken") from error
    if picture.width * picture.height > MAX_PIXELS:
        picture.close()
        raise Unreadable("picture_too_large")
    return picture


def _place(position: dict[int, Any]) -> tuple[float, float] | None:
    """Latitude and longitude in WGS-84; a picture that says it counts in GCJ-02 is converted."""
    gps = ExifTags.GPS
    try:
        lat = _degrees(position[gps.GPSLatitude]) * (-1 if position[gps.GPSLatitudeRef] == "S" else 1)
        lon = _degrees(position[gps.GPSLongitude]) * (-1 if position[gps.GPSLongitudeRef] == "W" else 1)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180) or (lat, lon) == (0.0, 0.0):
        return None
    return from_gcj02(lat, lon) if "GCJ" in str(position.get(gps.GPSMapDatum, "")).upper() else (lat, lon)


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600
