"""The command line: `fieldclaim …`."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import click

from server import backup as backups
from server import demo as demo_company
from server import paths, serving
from server.accounts import credentials, sessions, tokens
from server.accounts.records import LANGUAGES, ROLES
from server.config import BadSetting, Config, from_environment
from server.demo_month import fill_month
from server.notices import worker as notices_worker
from server.receipts.worker import waiting
from server.receipts.worker import work as read_documents
from server.schema import is_current, upgrade
from server.services import Services, build
from sync import audit, journal
from sync.actor import SYSTEM
from sync.change import Record
from sync.errors import EngineMisconfigured, Refused
from sync.journal import Head
from sync.transaction import Transaction


@click.group()
def main() -> None:
    """Fieldclaim: offline-first logging and reimbursement for field service."""


@main.command()
def init() -> None:
    """Make the database, or bring it up to date."""
    upgrade(_services().engine.database)
    click.echo("The database is up to date.")


@main.command()
@click.option("--serve/--no-serve", default=True, help="Serve it after making it.")
@click.option(
    "--size", type=click.Choice(["small", "month"]), default="small", help="month: 50 people, 3,000 receipts."
)
def demo(serve: bool, size: str) -> None:
    """Serve a demo company; its logins are printed."""
    os.environ["FIELDCLAIM_DEMO"] = "1"
    os.environ.setdefault("FIELDCLAIM_COMPANY_NAME", demo_company.COMPANY_NAME)
    os.environ.setdefault("FIELDCLAIM_COMPANY_TAX_ID", demo_company.COMPANY_TAX_ID)
    os.environ.setdefault("FIELDCLAIM_SECOND_FACTOR", "none")
    services = _services()
    upgrade(services.engine.database)
    demo_company.fill(services)
    if size == "month":
        fill_month(services, say=click.echo)
    click.echo(demo_company.logins())
    if not services.config.second_factor:
        click.echo("The demo asks for no second factor. To try it: FIELDCLAIM_SECOND_FACTOR=finance,manager")
    if serve:
        _serve(services.config)


@main.command()
def serve() -> None:
    """Serve by gunicorn: one process for SQLite, as many as FIELDCLAIM_WORKERS says for PostgreSQL."""
    services = _services()
    upgrade(services.engine.database)
    _serve(services.config)


@main.command()
@click.option("--documents/--no-documents", default=True, help="Read receipts, too.")
def worker(documents: bool) -> None:
    """Read receipts, remind people, send e-mails and web push; `serve` starts one."""
    services = _services()
    upgrade(services.engine.database)
    ends = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: ends.set())
    notices_worker.start(services, ends)
    if documents:
        read_documents(services, ends)
    else:
        ends.wait()


@main.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("username")
@click.argument("display_name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--language", type=click.Choice(LANGUAGES), default="zh-Hans")
def user_add(username: str, display_name: str, role: str, language: str) -> None:
    """Add a user; the first password is printed once."""
    password = secrets.token_urlsafe(9)
    fields = {"username": username.lower(), "display_name": display_name, "role": role, "language": language}

    def work(write: Transaction) -> None:
        made = write.create("user", fields)
        credentials.set_password(write.connection, made["id"], password)

    _write(work)
    click.echo(f"{username}: {password}")


@user.command("disable")
@click.argument("username")
def user_disable(username: str) -> None:
    """Shut a user out at once, on every device."""

    def work(write: Transaction) -> None:
        found = _user(write, username)
        write.update("user", found, {"status": "disabled"})

    _write(work)


@user.command("reset")
@click.argument("username")
def user_reset(username: str) -> None:
    """Give a user a new password, printed once; their sessions end."""
    password = secrets.token_urlsafe(9)

    def work(write: Transaction) -> None:
        found = _user(write, username)
        credentials.set_password(write.connection, found["id"], password)
        tokens.end_all_sessions(write, found["id"])

    _write(work)
    click.echo(f"{username}: {password}")


@user.command("reset-second-factor")
@click.argument("username")
def user_reset_second_factor(username: str) -> None:
    """Take a lost second factor away; the user sets up another at the next sign-in."""

    def work(write: Transaction) -> None:
        found = write.find("second_factor", user_id=_user(write, username)["id"], status="active")
        if not found:
            raise click.ClickException(f"{username} has no second factor")
        write.update("second_factor", found[0], {"status": "reset"})

    _write(work)


@main.group()
def device() -> None:
    """Phones and browsers."""


@device.command("revoke")
@click.argument("device_id")
def device_revoke(device_id: str) -> None:
    """Shut a device out; it wipes itself at its next contact."""

    def work(write: Transaction) -> None:
        if write.get("device", device_id) is None:
            raise click.ClickException(f"there is no device {device_id}")
        sessions.revoke_device(write, device_id)

    _write(work)


@main.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def backup(target: Path) -> None:
    """Write everything into one archive, while the server runs, and check it."""
    if target.exists():
        raise click.ClickException(f"{target} exists already")
    seq = _trusted(lambda: backups.backup(_services(), target))
    click.echo(f"{target}: everything up to entry {seq}, read back and whole.")


@main.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(source: Path) -> None:
    """Fill an empty server from an archive. Devices then send again what the archive lacks."""
    seq = _trusted(lambda: backups.restore(_services(), source))
    click.echo(
        f"Restored up to entry {seq}. Everybody signs in anew; check which users and devices were shut out since."
    )


@main.group("audit")
def audit_group() -> None:
    """The journal."""


@audit_group.command("verify")
@click.option("--head", "known", help="A head printed earlier, as SEQ:HASH; shows a chain that was rewritten.")
def audit_verify(known: str | None) -> None:
    """Check that no entry and no record was altered beside the journal."""
    services = _services()
    with services.engine.database.read() as connection:
        broken = audit.verify(connection, services.engine.registry, _head(known) if known else None)
    if broken:
        where = f" ({broken.entity} {broken.record_id})" if broken.entity else ""
        raise click.ClickException(f"entry {broken.seq}: {broken.kind}{where}")
    click.echo("The journal is whole.")


@audit_group.command("head")
def audit_head() -> None:
    """Print the newest entry's number and hash, to be kept where the server's administrators cannot write."""
    with _services().engine.database.read() as connection:
        newest = journal.head(connection)
    click.echo(f"{newest.seq}:{newest.hash}")


@main.command()
def doctor() -> None:
    """Say what is set up and what is not."""
    services = _services()
    missing = [] if (paths.client() / "index.html").is_file() else ["the phone client is not built: make install"]
    if not is_current(services.engine.database):
        missing.append("the database is not up to date: fieldclaim init")
    click.echo(f"database: {services.engine.database.engine.url.render_as_string()}\nfiles: {services.files.root}")
    if missing:
        raise click.ClickException("; ".join(missing))
    click.echo(f"documents that wait to be read: {len(waiting(services))}")
    click.echo("All is well.")


def _services() -> Services:
    try:
        return build(from_environment())
    except (BadSetting, EngineMisconfigured) as error:
        raise click.ClickException(str(error)) from error


def _serve(config: Config) -> None:
    command = [sys.executable, "-m", "gunicorn", *serving.arguments(config)]
    click.echo(f"Fieldclaim serves on http://{config.host}:{config.port}")
    beside = _start_worker(config)
    process = subprocess.Popen(command)  # noqa: S603 (our own command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        while process.poll() is None:
            if beside.poll() is not None:
                beside = _start_worker(config)  # it was ended by the system, or the database was away when it started
            time.sleep(1)
    except KeyboardInterrupt:
        process.wait()
    finally:
        beside.terminate()
        beside.wait()
    sys.exit(process.returncode)


def _start_worker(config: Config) -> subprocess.Popen[bytes]:
    documents = "--documents" if config.reads_documents else "--no-documents"
    return subprocess.Popen([sys.executable, "-m", "server.cli", "worker", documents])  # noqa: S603 (our own command)


def _write(work: Callable[[Transaction], None]) -> None:
    services = _services()
    try:
        services.engine.write(SYSTEM, work)
    except Refused as refused:
        raise click.ClickException(f"{refused.code} {refused.errors or ''}") from refused


def _trusted(work: Callable[[], int]) -> int:
    try:
        return work()
    except backups.BackupBroken as error:
        raise click.ClickException(str(error)) from error


def _user(write: Transaction, username: str) -> Record:
    found = write.find("user", username=username.lower())
    if not found:
        raise click.ClickException(f"there is no user {username}")
    return found[0]


def _head(text: str) -> Head:
    seq, _, digest = text.partition(":")
    if not seq.isdecimal() or len(digest) != 64:
        raise click.ClickException("a head looks like 1234:64 hexadecimal digits")
    return Head(int(seq), digest)


if __name__ == "__main__":
    main()
