"""The page of a contract (合同): the signed text as a letter, its signatures, and the file."""

import re
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template

from app import doors, languages, unit
from app.pages import shown
from kernel.parties import people
from kernel.work import Work
from licensing import signatures
from marketplace import contracts, orders
from marketplace.contracts import Contract
from marketplace.orders import Order
from marketplace.templates import texts

blueprint = Blueprint("contracting", __name__)

_HEADING: Final = re.compile(r"第[一二三四五六七八九十]+条 |Article \d+ ")


@blueprint.get("/orders/<order_id>/contract")
@doors.members("read")
def paper(order_id: str) -> Any:
    """Show the contract of an order as it is signed, to its parties and to who oversees."""
    work = unit.current()
    order = orders.seen(work, order_id)
    found = contracts.seen(work, order.contract_id or "")
    return render_template("orders/contract.html", **_told(work, order, found))


@blueprint.get("/orders/<order_id>/contract.txt")
@doors.members("read")
def file(order_id: str) -> Response:
    """Hand out the text byte by byte as it is signed: its digest is that of the file."""
    work = unit.current()
    order = orders.seen(work, order_id)
    found = contracts.seen(work, order.contract_id or "")
    body = contracts.text(work.session, found.id)
    response = Response(body.text.encode(), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{order.code}.txt"'
    return response


@blueprint.post("/orders/<order_id>/contract")
@doors.money
def sign(order_id: str) -> Any:
    """Sign the contract for the reader's organisation, where it was read."""
    orders.sign(unit.current(), order_id)
    return redirect(f"/orders/{order_id}/contract", 303)


def signed(work: Work, contract_id: str) -> list[dict[str, Any]]:
    """Return the signatures under a contract with the names of who signed. Three SELECTs."""
    found = signatures.of(work.session, contract_id)
    who = people.names(work.session, [one.person_id for one in found])
    firms = shown.names(work, [one.organisation_id for one in found])
    return [
        {
            "who": who.get(one.person_id, ""),
            "organisation_id": one.organisation_id,
            "organisation": firms.get(one.organisation_id, ""),
            "at": one.at,
            "alg": one.alg,
            "key_id": one.key_id,
        }
        for one in found
    ]


def laid_out(text: str) -> list[tuple[str, str]]:
    """Return the lines of a text, each with what it is: title, article or text. Pure."""
    found = [line for line in text.splitlines() if line.strip()]
    kinds = ["article" if _HEADING.match(line) else "text" for line in found]
    return [("title", found[0]), *zip(kinds[1:], found[1:], strict=True)]


def _told(work: Work, order: Order, found: Contract) -> dict[str, Any]:
    body = contracts.text(work.session, found.id)
    governing, copy = texts.read_apart(body.text)
    asked = shown.asked("text", max=2) or languages.current()
    return {
        "order": order,
        "record": shown.record(order, work, orders.LIFE),
        "state": str(found.state),
        "template": body.template,
        "template_version": body.template_version,
        "digest": body.text_digest,
        "copied": bool(copy),
        "reads": "en" if copy and asked == "en" else "zh",
        "lines": laid_out(copy if copy and asked == "en" else governing),
        "signatures": signed(work, found.id),
        "parties": [order.seller_id, order.buyer_id],
        "names": shown.names(work, [order.seller_id, order.buyer_id]),
        "whole": contracts.is_whole(work.session, work.crypto, found.id),
    }
