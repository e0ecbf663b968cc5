"""A claim's trip day by day: stops as bars, receipts on the day that they bear, reports on the day of their filing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sync.change import Record

DAY = 44.0
ROW = 40.0
_LEFT = 150.0
_TOP = 44.0
_MOST_DAYS = 45
XOf = Callable[[str], float | None]


@dataclass(frozen=True)
class Bar:
    """A stop, from its first to its last day."""

    division: str
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Event:
    """A receipt by its number, or a report (`label` empty), on its day. `is_outside`: before or after all stops."""

    label: str
    x: float
    y: float
    is_outside: bool = False


@dataclass(frozen=True)
class Timeline:
    """The drawing. `days` are labels with their places; `left_out` counts what lies too far off to be drawn."""

    width: float
    height: float
    days: list[tuple[str, float]]
    bars: list[Bar]
    receipts: list[Event]
    reports: list[Event]
    receipts_y: float
    reports_y: float
    left_out: int


def draw_timeline(trip: Record, receipts: list[Record], reports_on: list[str]) -> Timeline | None:
    """The timeline of a trip. `receipts` in the order of their numbers; `reports_on` the days of the filed reports."""
    stops = trip["stops"]
    if not stops:
        return None
    begins, ends = min(stop["arrive_on"] for stop in stops), max(stop["leave_on"] for stop in stops)
    near = [day for day in (*reports_on, *(item["issued_on"] for item in receipts)) if _is_near(day, begins, ends)]
    first = date.fromisoformat(min(begins, *near)) - timedelta(1)
    count = min((date.fromisoformat(max(ends, *near)) - first).days + 2, _MOST_DAYS)

    def x_of(day: str) -> float | None:
        at = (date.fromisoformat(day) - first).days
        return _LEFT + at * DAY if 0 <= at < count else None

    bars = [
        Bar(stop["division_code"], x, _TOP + ROW * row, _days(stop, first, count) * DAY)
        for row, stop in enumerate(stops)
        if (x := x_of(stop["arrive_on"])) is not None
    ]
    receipts_y = _TOP + ROW * len(stops)
    drawn, rows = _stacked(receipts, x_of, receipts_y, (begins, ends))
    reports_y = receipts_y + ROW * max(rows, 1)
    reports = [Event("", x, reports_y) for day in sorted(set(reports_on)) if (x := x_of(day)) is not None]
    return Timeline(
        width=_LEFT + count * DAY,
        height=reports_y + ROW + 8,
        days=[((first + timedelta(at)).isoformat(), _LEFT + at * DAY) for at in range(count)],
        bars=bars,
        receipts=drawn,
        reports=reports,
        receipts_y=receipts_y,
        reports_y=reports_y,
        left_out=len(receipts) - len(drawn),
    )


def _stacked(receipts: list[Record], x_of: XOf, top: float, stay: tuple[str, str]) -> tuple[list[Event], int]:
    """Receipts of one day below one another. Gives them and the number of rows that they need."""
    crowd: Counter[str] = Counter()
    events = []
    for number, receipt in enumerate(receipts, 1):
        day = receipt["issued_on"]
        x = x_of(day)
        if x is not None:
            events.append(Event(str(number), x, top + ROW * crowd[day], not stay[0] <= day <= stay[1]))
            crowd[day] += 1
    return events, max(crowd.values(), default=0)


def _days(stop: Record, first: date, count: int) -> int:
    """How many days of a stop can be drawn."""
    arrive, leave = date.fromisoformat(stop["arrive_on"]), date.fromisoformat(stop["leave_on"])
    return min((leave - arrive).days + 1, count - (arrive - first).days)


def _is_near(day: str, begins: str, ends: str) -> bool:
    spare = timedelta(10)
    early, late = date.fromisoformat(begins) - spare, date.fromisoformat(ends) + spare
    return early.isoformat() <= day <= late.isoformat()
