"""A bank of other people's making, in a process of its own on loopback, behind our port."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from kernel.money import Money
from settlement.bank.escrow_bank import NotConnected, Payer

IBAN = "NL41MOCK0000000001"
"""The account of ours that the bank begins with; it holds 125,000.00."""

OPENING = 12_500_000
BIC = "MOCKNL2A"
OTHERS = {"closed": "NL84MOCK0000000003", "unknown": "NL57MOCK0000000004"}
"""Accounts at the bank: one is closed (AC04), the bank of the other cannot be found (RC01)."""

ELSEWHERE = "NL30MOCK0000000005"


@dataclass(frozen=True)
class MockBank:
    """The bank's own HTTP, as an EscrowBank. It keeps no virtual accounts."""

    base: str

    def create_virtual_account(self, serial: int, name: str) -> str:
        """Refuse: it has none."""
        raise NotConnected(f"{serial} {name}", "it has no virtual accounts")

    def notify_in(self, number: str, amount: Money, *, payer: Payer, text: str) -> str:
        """Let money come to an account."""
        body = {
            "account": number,
            "amount": amount.minor,
            "currency": amount.currency,
            "note": text,
            "debtor": {"name": payer.name, "iban": payer.account},
        }
        return str(self.said("POST", "/_mock/credits", body)["id"])

    def pay_out(self, file: bytes) -> bytes:
        """Hand in a file; returns the pain.002, empty when the bank is silent."""
        self.ask("POST", "/payments", file)
        return (self.messages("pain.002") or [b""])[-1]

    def query(self, message_id: str) -> bytes | None:
        """Return the answer to a file that waits in the mailbox."""
        found = self.said("GET", "/_mock/mailbox?leave&type=pain.002")
        return next((each["body"].encode() for each in found if message_id in each["body"]), None)

    def statement(self, on: date) -> bytes:
        """Return the camt.053 of a day, once the day is over."""
        said = [one for one in self.messages("camt.053") if on.isoformat().encode() in one]
        return next(one for one in said if IBAN.encode() in one)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Ask the bank; a refusal is an answer."""
        asked = urllib.request.Request(self.base + path, data=body, method=method)  # noqa: S310 - loopback
        if body and body[:1] == b"{":
            asked.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - loopback
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def said(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask for JSON."""
        status, content = self.ask(method, path, json.dumps(body).encode() if body else None)
        assert status < 300, content
        return json.loads(content) if content.strip() else None

    def messages(self, kind: str) -> list[bytes]:
        """Collect what the bank has sent, of one kind."""
        found = self.said("GET", f"/_mock/mailbox?type={kind}") or []
        return [_body(each).encode() for each in found]

    def behave(self, behaviour: str, account: str = "ACME", **parameters: Any) -> None:
        """Let an account behave otherwise, in our currency."""
        body: dict[str, Any] = {"behaviour": behaviour}
        if parameters:
            body["parameters"] = parameters
        self.said("PATCH", f"/_mock/accounts/{account}", body)

    def advance(self, days: int) -> None:
        """Let days pass."""
        self.said("POST", f"/_mock/advance?days={days}")


def _body(message: dict[str, Any]) -> str:
    return str(message.get("body") or message.get("xml") or message["content"])


@contextmanager
def running(clock: str) -> Iterator[MockBank]:
    """Run the bank on a free port until the tests are done. clock: its time at first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mockbank", "--port", str(port), "--clock", clock, "-q"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as bank:
        try:
            made = MockBank(f"http://127.0.0.1:{port}")
            _wait(made)
            yield made
        finally:
            bank.terminate()
            bank.wait(10)


def _wait(bank: MockBank) -> None:
    for _ in range(100):
        try:
            bank.ask("GET", "/_mock/health")
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the bank does not answer")
