"""Calling the server as a phone does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.accounts.sessions import Session, open_by_page
from server.services import Services
from sync.actor import SYSTEM, Actor
from sync.change import new_id
from sync.transaction import Transaction
from tests.server.passwords import PASSWORD, give


def give_password(services: Services, actor: Actor) -> None:
    """Let a person of the test's world sign in."""
    with services.engine.database.write() as connection:
        give(connection, actor.id)


@dataclass
class Device:
    """A phone that talks to the application."""

    app: Flask
    id: str = field(default_factory=new_id)
    access: str = ""
    refresh_token: str = ""
    address: str = "127.0.0.1"

    @property
    def client(self) -> FlaskClient:
        client = self.app.test_client(use_cookies=False)
        client.environ_base["REMOTE_ADDR"] = self.address
        return client

    def log_in(self, username: str, password: str = PASSWORD, **more: str) -> TestResponse:
        body = {"username": username, "password": password, "device": {"id": self.id, "name": "phone"}, **more}
        answer = self.client.post("/api/auth/login", json=body)
        if answer.status_code == 200:
            self._keep(answer)
        return answer

    def refresh(self, token: str = "") -> TestResponse:
        answer = self.client.post("/api/auth/refresh", json={"refresh_token": token or self.refresh_token})
        if answer.status_code == 200 and not token:
            self._keep(answer)
        return answer

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.access}"} | options.pop("headers", {})
        return self.client.open(path, method=method, headers=headers, **options)

    def push(self, *changes: Any) -> TestResponse:
        return self.ask("POST", "/api/sync/push", json={"device_id": self.id, "epoch": "", "changes": list(changes)})

    def _keep(self, answer: TestResponse) -> None:
        assert answer.json
        self.access, self.refresh_token = answer.json["access_token"], answer.json["refresh_token"]


def signed_in(app: Flask, actor: Actor, username: str) -> Device:
    """A phone on which the person has signed in."""
    give_password(app.extensions["fieldclaim"], actor)
    session = session_of(app, username, "phone")
    return Device(app, session.device["id"], session.access_token, session.refresh_token)


def session_of(app: Flask, username: str, device: str) -> Session:
    """A session of a person on a new device. The form is left out: looking at a password takes a fifth of a second."""
    services: Services = app.extensions["fieldclaim"]
    with services.engine.database.read() as connection:
        user = Transaction(services.engine, connection, SYSTEM).find("user", username=username)[0]
    with app.test_request_context():
        return open_by_page(user, [], device, is_proved=False)
