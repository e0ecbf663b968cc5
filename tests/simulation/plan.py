"""What happens in a run, and when: a list of steps drawn from one seed. A shorter list is a plan, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

DAY = 24 * 60
LENGTHS = (30, 60, 120, 240)
TECHNICIANS = ("anna", "bo", "chen", "dai")
DESK_PHONES = ("wen", "fei")
NETWORK_FAULTS = ("lose_request", "lose_answer", "late_request", "send_twice", "cut_request", "cut_answer", "portal")
SERVER_FAULTS = ("kill_server", "kill_after_commit")
DEVICE_FAULTS = ("crash", "full_disk")

_WORK = {
    "capture": 8,
    "edit_receipt": 6,
    "report": 4,
    "edit_report": 3,
    "buy_tool": 3,
    "claim": 3,
    "hand_in_again": 1,
    "advance_order": 4,
    "survey": 1,
    "delete_receipt": 1,
    "repair": 3,
}
_COUNTER_WORK = {"stock_in": 4, "cancel_unit": 1, "repair": 1}
_FINANCE_WORK = {"decide": 6, "repair": 1}
_DESK_WORK = {
    "plan_trip": 8,
    "plan_order": 5,
    "hand_over_trip": 3,
    "hand_over_order": 3,
    "rename_customer": 2,
    "stock_in_at_desk": 6,
    "files_arrive": 14,
    "readings_finish": 8,
    "decide_at_desk": 18,
    "reverse": 1,
    "read_picture": 2,
    "waive": 3,
    "change_role": 1,
    "disable": 1,
    "enable": 3,
    "watch_feed": 2,
}
_DEVICE_MISFORTUNES = {"wrong_clock": 3, "copy": 3, "go_back_to_copy": 2, "clone": 1}
_SERVER_MISFORTUNES = {"backup": 8, "restore": 2, "set_clock": 2}


@dataclass(frozen=True)
class Step:
    """One thing that one party does at one minute. What it draws by chance it draws from its own seed."""

    minute: int
    who: str
    act: str
    seed: int
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        day, rest = divmod(self.minute, DAY)
        faults = f"  with {', '.join(self.faults)}" if self.faults else ""
        return f"day {day:3} {rest // 60:02}:{rest % 60:02}  {self.who:7} {self.act}{faults}"


@dataclass(frozen=True)
class Plan:
    """A run: the seed that names it, its length in days, and its steps in the order of time."""

    seed: int
    days: int
    steps: tuple[Step, ...]

    def with_steps(self, steps: tuple[Step, ...]) -> Plan:
        """The same run with other steps."""
        return replace(self, steps=steps)


def plan_of(seed: int) -> Plan:
    """The plan of a seed: a busy month, or a quieter half a year with as much to do."""
    chance = Random(seed)
    days = chance.choice(LENGTHS)
    steps = [step for name in TECHNICIANS + DESK_PHONES for step in _phone(chance, name, days)]
    steps += [step for day in range(days) for step in _desks(chance, day, days)]
    steps += _upgrades(Random(f"{seed} upgrade"), days)
    return Plan(seed, days, tuple(sorted(steps, key=lambda step: step.minute)))


def _phone(chance: Random, name: str, days: int) -> Iterator[Step]:
    """A device's days: work, and a sync or two. Some sleep for weeks, some are cut off for days."""
    work = {"wen": _COUNTER_WORK, "fei": _FINANCE_WORK}.get(name, _WORK)
    trouble = chance.choice((0.1, 0.4, 0.8))
    asleep = _span(chance, days, 30) if chance.random() < 0.25 else range(0)
    cut_off = _span(chance, days, 8) if chance.random() < 0.5 else range(0)
    for day in range(days):
        if day in asleep or _is_quiet(chance, day, days):
            continue
        for _ in range(chance.choice((0, 0, 1, 1, 2, 3))):
            faults = (chance.choice(DEVICE_FAULTS),) if chance.random() < trouble / 8 else ()
            yield _step(chance, day, name, _any(chance, work), faults)
        for _ in range(chance.choice((0, 0, 1, 1, 2))):
            yield _step(chance, day, name, "sync", _faults(chance, trouble) if day not in cut_off else ("offline",))
        if chance.random() < 0.05:
            yield _step(chance, day, name, _any(chance, _DEVICE_MISFORTUNES))


def _desks(chance: Random, day: int, days: int) -> Iterator[Step]:
    if _is_quiet(chance, day, days):
        return
    for _ in range(chance.choice((0, 1, 2, 3, 4, 5))):
        yield _step(chance, day, "desk", _any(chance, _DESK_WORK))
    if chance.random() < 0.35:
        yield _step(chance, day, "server", _any(chance, _SERVER_MISFORTUNES))


def _upgrades(chance: Random, days: int) -> Iterator[Step]:
    """In every other run the server is replaced by the next version, once or twice."""
    for _ in range(chance.choice((0, 0, 1, 2))):
        yield _step(chance, chance.randrange(days // 5, days), "server", "upgrade")


def _is_quiet(chance: Random, day: int, days: int) -> bool:
    """Whether nobody does anything: at weekends, and the more often the longer the run."""
    return day % 7 > 4 or chance.random() > LENGTHS[0] / days


def _faults(chance: Random, trouble: float) -> tuple[str, ...]:
    if chance.random() > trouble:
        return ()
    kinds = NETWORK_FAULTS * 3 + SERVER_FAULTS * 2 + DEVICE_FAULTS * 3
    return tuple(chance.choice(kinds) for _ in range(chance.choice((1, 1, 2, 3))))


def _step(chance: Random, day: int, who: str, act: str, faults: tuple[str, ...] = ()) -> Step:
    return Step(day * DAY + chance.randrange(6 * 60, 23 * 60), who, act, chance.getrandbits(32), faults)


def _span(chance: Random, days: int, longest: int) -> range:
    start = chance.randrange(days)
    return range(start, start + chance.randrange(1, longest + 1))


def _any(chance: Random, weights: dict[str, int]) -> str:
    return chance.choices(tuple(weights), tuple(weights.values()))[0]
