"""A browser as a device: what it is called, and which devices it is known as."""

from __future__ import annotations

from datetime import timedelta

from flask import Response

from server.cookies import keep_cookie, read_cookie
from sync.change import is_id

_COOKIE = "browser"
_MOST = 8
_YEAR = timedelta(days=365)
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("OpenHarmony", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """A short name by which an administrator recognises the browser: `Firefox, Windows`."""
    found = [_first(user_agent, table) for table in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name)


def known_devices() -> list[str]:
    """The devices that this browser is known as: one for each person who has signed in on it, the newest last."""
    return [device_id for device_id in read_cookie(_COOKIE).split(".") if is_id(device_id)][-_MOST:]


def remember_device(answer: Response, device_id: str) -> None:
    """Know the browser as this device too."""
    others = [known for known in known_devices() if known != device_id]
    keep_cookie(answer, _COOKIE, ".".join([*others, device_id][-_MOST:]), _YEAR)


def _first(user_agent: str, table: tuple[tuple[str, str], ...]) -> str:
    return next((name for mark, name in table if mark in user_agent), "")
