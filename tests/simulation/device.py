"""A phone: the real client on a real store, which crashes at any step, fills up, is copied, and has a wrong clock."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Literal

from sync.client import Store, SyncClient
from tests.simulation.network import ADDRESS, Line, Network

PASSWORD = "correct horse 7"


class Crash(BaseException):
    """The battery is dead, or the system has ended the app."""


class CrashingStore(Store):
    """A store whose device dies before one of its next statements, or before a commit."""

    left = 0
    batch_size = 5

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self.promised: list[dict[str, Any]] = []
        """The changes that the person was told are saved."""

    def queue(self, change: Mapping[str, Any]) -> None:
        super().queue(change)
        self.promised.append(dict(change))

    def step(self) -> None:
        """One step further; at the last one the device dies."""
        if self.left:
            self.left -= 1
            if not self.left:
                raise Crash

    def execute(self, *arguments: Any) -> Any:
        self.step()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> Any:
        self.step()
        return super().executemany(*arguments)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        if kind is None:
            self.step()
        return super().__exit__(kind, error, trace)


class OldClient(SyncClient):
    """The app of the version before: it names its schema, and leaves empty fields out of what it saw."""

    def _signed(self, change: Mapping[str, Any]) -> dict[str, Any]:
        signed = super()._signed(change) | {"schema": 1}
        if "base" in signed:
            signed["base"] = {name: value or None for name, value in signed["base"].items()}
        return signed


class Device:
    """One phone of one person. `is_old` says that its app is of an earlier version."""

    client_class: type[SyncClient] = SyncClient
    store_class: type[CrashingStore] = CrashingStore
    line_class: type[Line] = Line

    def __init__(
        self, name: str, person: str, path: Path, network: Network, now: Callable[[], datetime], is_old: bool = False
    ) -> None:
        self.name = name
        self.person = person
        self.path = path
        self.now = now
        self.is_old = is_old
        self.skew = timedelta()
        self.is_out = False
        self.copy: Path | None = None
        self.line = self.line_class(network, name, now)
        self.start()

    def clock(self) -> datetime:
        """The time as the phone believes it to be."""
        return self.now() + self.skew

    def start(self) -> None:
        """The app is opened."""
        self.store = self.store_class(self.path)
        self.line.on_step = self.store.step
        kind = OldClient if self.is_old else self.client_class
        # Note: small pages and batches, so that much can happen between two of them.
        self.client = kind(ADDRESS, self.store, transport=self.line, clock=self.clock, page_size=11)

    def restart(self) -> None:
        """After a crash: what was not committed is gone."""
        self.store.left = 0
        self.store.close()
        self.start()

    def trouble(self, chance: Random, faults: tuple[str, ...]) -> None:
        """What this device and its line will meet in the next step."""
        self.line.trouble(chance, tuple(fault for fault in faults if fault not in ("crash", "full_disk")))
        if "full_disk" in faults:
            pages = self.store.execute("PRAGMA page_count").fetchone()[0]
            self.store.execute(f"PRAGMA max_page_count = {pages}")
        if "crash" in faults:
            self.store.left = chance.randrange(1, 60)

    def calm(self) -> None:
        """All is well again."""
        self.store.left = 0
        self.line.trouble(Random(0), ())
        self.store.execute("PRAGMA max_page_count = 1073741823")

    def log_in(self) -> None:
        """The person signs in. Raises ServerSaysNo or Unreachable."""
        self.client.log_in(self.person, PASSWORD)
        self.is_out = False

    def copy_to(self, path: Path) -> None:
        """A second phone is filled with all that this one holds."""
        shutil.copy(self.path, path)

    def make_copy(self) -> None:
        """The phone's own backup, by its maker's cloud."""
        self.copy = self.path.with_suffix(".copy")
        self.copy_to(self.copy)

    def go_back_to_copy(self) -> bool:
        """The phone is lost, a new one is filled from the copy. False where there is none."""
        if self.copy is None:
            return False
        self.store.close()
        shutil.copy(self.copy, self.path)
        self.start()
        return True

    def close(self) -> None:
        """Put the phone away."""
        self.store.close()
