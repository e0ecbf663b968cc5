"""The Chinese calendar of working days: public holidays, and the weekends that are worked to make up for them.

The State Council announces each year's days in November of the year before. They come with the package
chinesecalendar (MIT). A company adds newer ones, or days of its own, in a file `working-days.json` in its data folder:
`{"2027-01-01": "New Year", "2027-01-02": "", "2027-01-03": "work"}`. A holiday has a name, `""` is a day of rest
without one. For a year that neither knows, Saturday and Sunday are taken for days of rest, but not for certain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import chinese_calendar

from server.claims.rules.others import Day
from server.config import BadSetting

FILE = "working-days.json"
WORK = "work"
_SATURDAY = 5


class BadCalendar(BadSetting):
    """The company's file of days cannot be read; the message says where it is wrong."""


def day_of(day: date, own: Mapping[str, str]) -> Day:
    """What a day is: by the company's own table (`YYYY-MM-DD` to a name, `""` or `work`), else by the published one."""
    if day.isoformat() in own:
        word = own[day.isoformat()]
        return Day(is_rest=word != WORK, holiday="" if word == WORK else word)
    is_weekend = day.weekday() >= _SATURDAY
    if day.year not in _known() and not any(known.startswith(f"{day.year}-") for known in own):
        return Day(is_rest=is_weekend, is_known=False)
    if day in chinese_calendar.holidays:
        return Day(is_rest=True, holiday=str(chinese_calendar.holidays[day]))
    return Day(is_rest=is_weekend and day not in chinese_calendar.workdays)


def read_own_days(folder: Path) -> dict[str, str]:
    """The company's own table; empty where there is none. Raises BadCalendar."""
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return {date.fromisoformat(day).isoformat(): str(word) for day, word in table.items()}
    except (ValueError, AttributeError) as error:
        raise BadCalendar(f"{path} must be a JSON object of days (YYYY-MM-DD): {error}") from error


@cache
def _known() -> frozenset[int]:
    return frozenset(day.year for day in chinese_calendar.holidays)
