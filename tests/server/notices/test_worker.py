"""The background work of notices, as the worker does it: all of it is on its list, and each runs by itself."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

from server import demo, notices
from server.notices.worker import WORK
from server.services import Services
from sync.actor import SYSTEM


def jobs() -> Iterator[object]:
    """What works through the whole database by itself and says how much it did."""
    for module in pkgutil.iter_modules(notices.__path__, "server.notices."):
        for name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            about = inspect.signature(found)
            takes = [parameter.annotation for parameter in about.parameters.values()]
            is_job = (takes, about.return_annotation) == (["Services"], "int")
            if is_job and found.__module__ == module.name and not name.startswith("_"):
                yield found


def test_every_job_is_on_the_workers_list() -> None:
    assert set(jobs()) == {job for job, _ in WORK}
    assert all(pause > 0 for _, pause in WORK)


@pytest.mark.parametrize("company", ["empty", "demo"])
def test_every_job_runs_and_finds_nothing_to_do_again(services: Services, company: str) -> None:
    if company == "demo":
        demo.fill(services)
    first = {job.__module__.rpartition(".")[2]: job(services) for job, _ in WORK}
    told = len(services.engine.write(SYSTEM, lambda write: write.find("notice")))
    again = [job(services) for job, _ in WORK]
    assert len(services.engine.write(SYSTEM, lambda write: write.find("notice"))) == told
    assert again == [0] * len(WORK), first
    if company == "empty":
        assert (set(first.values()), told) == ({0}, 0)
