"""How well and how fast the readers read, on documents drawn by `tests.documents`.

`python -m bench.readers` draws 504 photographed receipts and 108 files, reads them and prints tables. Two processes
read; times and memory come from a third that reads one by one and draws nothing.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench.databases import machine
from bench.reader_outcome import FIELDS, Outcome, outcome
from server.receipts.readers import Unreadable, read_by, readers_of
from tests.documents import KINDS, PICTURES, make

_GROUPS = ("files", "pictures with QR", "pictures without QR")
_ENDINGS = {"application/xml": "xml", "application/ofd": "ofd", "application/pdf": "pdf", "image/jpeg": "jpg"}
_TIMED_EACH = 8
_WARM_UP = 2
_VERDICTS = ("match", "unproven", "mismatch")


def main() -> None:
    """Read the options, run, print."""
    options = _options()
    work = _work(options.kinds, options.count, options.seed)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        outcomes = list(pool.map(outcome, *zip(*work, strict=True), chunksize=4))
    print(machine())
    print(f"{len(outcomes)} documents, seeds from {options.seed}\n")
    print_fields(outcomes)
    print_groups(outcomes)
    print_verdicts(outcomes)
    wrong = print_wrong(outcomes)
    print_times(work)
    if options.dump:
        dump(wrong, Path(options.dump))


def print_fields(outcomes: Sequence[Outcome]) -> None:
    """Per kind and field: right, wrong and absent; right and wrong apart by whether the reader was sure."""
    print(f"{'kind':22}{'field':15}{'right sure':>11}{'right':>7}{'wrong sure':>11}{'wrong':>7}{'absent':>7}")
    for kind in KINDS:
        for field in FIELDS:
            found = [item.fields[field] for item in outcomes if item.kind == kind and field in item.fields]
            if not found:
                continue
            count = Counter((answer.answer, answer.is_sure) for answer in found)
            absent = count["absent", False] + count["absent", True]
            print(
                f"{kind:22}{field:15}{count['right', True]:>11}{count['right', False]:>7}"
                f"{count['wrong', True]:>11}{count['wrong', False]:>7}{absent:>7}"
            )
    print()


def print_groups(outcomes: Sequence[Outcome]) -> None:
    """The shares of right answers, sure ones in brackets, for files and for pictures with and without a QR code."""
    print(f"{'right (of these sure), %':24}" + "".join(f"{group:>22}" for group in _GROUPS))
    for field in FIELDS:
        shares = []
        for group in _GROUPS:
            found = [item.fields[field] for item in outcomes if item.group == group and field in item.fields]
            right = [answer for answer in found if answer.answer == "right"]
            sure = sum(answer.is_sure for answer in right)
            shares.append(f"{_share(len(right), len(found))} ({_share(sure, len(found))})")
        print(f"{field:24}" + "".join(f"{share:>22}" for share in shares))
    for name in ("refused", "crash"):
        counts = [sum(bool(getattr(item, name)) for item in outcomes if item.group == group) for group in _GROUPS]
        print(f"{name:24}" + "".join(f"{count:>22}" for count in counts))
    print()


def print_verdicts(outcomes: Sequence[Outcome]) -> None:
    """What the judge says: at the true place, far away, and at the seller's office where that is another city."""
    print(f"{'place':22}{'true: match/unproven/mismatch':>32}{'far':>20}{'office elsewhere':>20}")
    for kind in [*KINDS, *_GROUPS]:
        mine = [item for item in outcomes if kind in (item.kind, item.group)]
        if mine:
            columns = (
                _verdicts(item.here for item in mine),
                _verdicts(item.away for item in mine),
                _verdicts(item.at_office for item in mine if item.at_office),
            )
            print(f"{kind:22}{columns[0]:>32}{columns[1]:>20}{columns[2]:>20}")
    print()


def print_wrong(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The cases that would cost money: sure and wrong, a place misjudged, a crash. These outcomes."""
    wrong = []
    for item in outcomes:
        lines = [
            f"{name}: {field.said}" for name, field in item.fields.items() if field.answer == "wrong" and field.is_sure
        ]
        lines += ["true place: mismatch"] if item.here == "mismatch" else []
        lines += ["far place: match"] if item.away == "match" else []
        lines += [f"crash: {item.crash}"] if item.crash else []
        if lines:
            wrong.append(item)
            print(f"{item.kind} {item.seed}: " + "; ".join(lines))
    print(f"{len(wrong)} documents with something wrong and sure\n")
    return wrong


def print_times(work: Sequence[tuple[str, int]]) -> None:
    """Milliseconds of each reader, one document after another in a process of its own, and that process's memory."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, seed in _few_of_each(work):
            sample = make(kind, seed, camera=True)
            name = f"{kind}~{seed}~{sample.media_type.replace('/', '~')}"
            (Path(folder) / name).write_bytes(sample.data)
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            times, megabytes = pool.submit(timed, folder).result()
    print(f"{'reader':12}{'documents':>10}{'median ms':>12}{'p95 ms':>10}")
    for reader, milliseconds in times.items():
        milliseconds.sort()
        late = milliseconds[min(int(len(milliseconds) * 0.95), len(milliseconds) - 1)]
        print(f"{reader:12}{len(milliseconds):>10}{statistics.median(milliseconds):>12.1f}{late:>10.1f}")
    print(f"peak memory of the reading process: {megabytes} MB")


def timed(folder: str) -> tuple[dict[str, list[float]], int]:
    """Milliseconds by reader for every file in a folder, after a warm-up, and this process's peak memory in MB."""
    times: dict[str, list[float]] = {}
    seen: Counter[str] = Counter()
    for path in sorted(Path(folder).iterdir()):
        _, _, kind, subkind = path.name.split("~")
        media_type, data = f"{kind}/{subkind}", path.read_bytes()
        for reader in readers_of(media_type):
            started = time.perf_counter()
            try:
                reading = read_by(reader.name, data, media_type)
            except Unreadable:
                continue
            seen[reader.name] += 1
            if reading is not None and seen[reader.name] > _WARM_UP:
                times.setdefault(reader.name, []).append((time.perf_counter() - started) * 1000)
    return times, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def dump(outcomes: Iterable[Outcome], folder: Path) -> None:
    """Save the documents of these outcomes."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in outcomes:
        sample = make(item.kind, item.seed, camera=True)
        (folder / f"{item.kind}-{item.seed}.{_ENDINGS[sample.media_type]}").write_bytes(sample.data)


def _work(kinds: Sequence[str], count: int, seed: int) -> list[tuple[str, int]]:
    """Which documents: five in six are pictures where nothing else is asked for."""
    if kinds:
        return [(kinds[number % len(kinds)], seed + number // len(kinds)) for number in range(count)]
    files = [kind for kind in KINDS if kind not in PICTURES]
    pictures = count * 14 // 17
    return [*_work(files, count - pictures, seed), *_work(PICTURES, pictures, seed)]


def _few_of_each(work: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    chosen = []
    for kind, seed in work:
        seen[kind] += 1
        if seen[kind] <= _TIMED_EACH:
            chosen.append((kind, seed))
    return chosen


def _verdicts(found: Iterable[str]) -> str:
    count = Counter(found)
    return " / ".join(str(count[verdict]) for verdict in _VERDICTS)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.readers", description=__doc__)
    parser.add_argument("--count", type=int, default=612, help="how many documents (612)")
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=[], help="only these kinds")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--dump", metavar="FOLDER", default="", help="save the documents that were read wrongly")
    return parser.parse_args()


if __name__ == "__main__":
    main()
