"""Pages of the public register: authorisations by scenario, agreements, revocations.

What a list shows is made once, as a header and rows of text; the page draws it and the
file holds it, so that a file is what is on the screen, to its last row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from app import doors, languages, unit
from app.pages import shown, spreadsheets, vocabulary
from kernel.clock import local_date
from kernel.pages import Page
from kernel.words import Words
from kernel.work import Work
from licensing.agreed.operation_rows import OperationAgreement
from licensing.applications.blocks import ScenarioKind
from licensing.applications.supplies import SupplyAgreement
from licensing.disclosing import register
from licensing.disclosing.register import Entry, Wanted
from licensing.standing.rows import State as Standing

blueprint = Blueprint("register_pages", __name__)

EXPORTED_MAX: Final = 5_000
"""Rows of one exported file; a narrower choice gives the others."""

NUMBER, STATE, TERM = Words("编号", "Number"), Words("状态", "State"), Words("期限", "Term")
OPERATOR = Words("授权运营机构", "Operator")
_GRANTED: Final = (
    NUMBER, Words("场景", "Scenario"), Words("场景编号", "Scenario number"),
    Words("类型", "Kind"), Words("被授权方", "Grantee"), OPERATOR, Words("用途", "Purpose"),
    Words("数据项", "Items"), Words("有效期", "Valid"), STATE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list: cells in the order of the header. href: where the number leads."""

    href: str | None
    cells: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of the register: where it stands, how it is read, and what it is narrowed by."""

    key: str
    address: str
    header: Sequence[Words]
    page: Callable[[Wanted, str | None, int], Page[Any]]
    rows: Callable[[Work, Sequence[Any]], list[Row]]
    states: Sequence[str] = ()
    kinds: bool = False


@blueprint.get("/register")
@doors.public
def authorisations() -> Any:
    """Show which scenarios were authorised, to whom and for what; or save just that."""
    return _answer(
        Listing(
            "certificates", "/register", _GRANTED,
            lambda wanted, after, limit: register.authorised(
                unit.current().session, wanted, after=after, limit=limit),
            _granted, tuple(Standing), kinds=True,
        )
    )  # fmt: skip


@blueprint.get("/register/revocations")
@doors.public
def revocations() -> Any:
    """Show the authorisations that were revoked; or save just that."""
    return _answer(
        Listing(
            "revocations", "/register/revocations", _GRANTED,
            lambda wanted, after, limit: register.revoked(
                unit.current().session, wanted, after=after, limit=limit),
            _granted,
        )
    )  # fmt: skip


@blueprint.get("/register/operations")
@doors.public
def operations() -> Any:
    """Show the operation agreements that were ever filed; or save just that."""
    header = (NUMBER, Words("实施机构", "Agency"), OPERATOR, Words("授权方式", "Mode"), TERM, STATE)
    return _answer(
        Listing(
            "operations", "/register/operations", header,
            lambda wanted, after, limit: register.filed(
                unit.current().session, OperationAgreement, wanted, after=after, limit=limit),
            lambda work, found: _agreed(
                work, found, lambda one: vocabulary.term(one.mode, "authorisation_mode")),
            register.FILED,
        )
    )  # fmt: skip


@blueprint.get("/register/supplies")
@doors.public
def supplies() -> Any:
    """Show the supply agreements that were ever filed; or save just that."""
    header = (NUMBER, Words("供数部门", "Department"), OPERATOR, Words("行业", "Industry"), TERM,
              STATE)  # fmt: skip
    return _answer(
        Listing(
            "supplies", "/register/supplies", header,
            lambda wanted, after, limit: register.filed(
                unit.current().session, SupplyAgreement, wanted, after=after, limit=limit),
            lambda work, found: _agreed(
                work, found, lambda one: vocabulary.industry(one.industry)),
            register.FILED,
        )
    )  # fmt: skip


def _answer(listing: Listing) -> Any:
    work, wanted = unit.current(), _wanted(listing)
    header = [languages.said(words) for words in listing.header]
    if (kind := request.args.get("file")) in {"csv", "xlsx"}:
        lines = [(*row.cells, vocabulary.state(row.state)) for row in _all(work, listing, wanted)]
        name = f"register-{listing.key}-{local_date(work.now)}"
        return spreadsheets.answer(kind, name, header, lines)
    page = listing.page(wanted, shown.after(), shown.PAGE)
    return render_template(
        "frame/register.html",
        kind=listing.key,
        header=header,
        rows=listing.rows(work, page.items),
        next=page.next,
        wanted=wanted,
        listing=listing,
        states=[(code, vocabulary.state(code)) for code in listing.states],
        address=_address(listing, wanted),
    )


def _wanted(listing: Listing) -> Wanted:
    """Return what the address narrows the list to; a value that is none narrows nothing."""
    state, kind = shown.asked("state", max=40), shown.asked("kind", max=40)
    return Wanted(
        text=shown.asked("q", max=register.TEXT_MAX),
        state=state if state in listing.states else None,
        kind=kind if listing.kinds and kind in list(ScenarioKind) else None,
    )


def _address(listing: Listing, wanted: Wanted) -> str:
    kept = {"q": wanted.text, "state": wanted.state, "kind": wanted.kind}
    return f"{listing.address}?{urlencode({name: text for name, text in kept.items() if text})}"


def _all(work: Work, listing: Listing, wanted: Wanted) -> list[Row]:
    found: list[Any] = []
    after: str | None = None
    while len(found) < EXPORTED_MAX:
        page = listing.page(wanted, after, min(500, EXPORTED_MAX - len(found)))
        found, after = [*found, *page.items], page.next
        if after is None:
            break
    return listing.rows(work, found)


def _granted(work: Work, found: Sequence[Entry]) -> list[Row]:
    rights = [each.authorisation for each in found]
    names = shown.names(work, [one for each in rights for one in (each.grantee_id,
                                                                  each.operator_id)])  # fmt: skip
    return [
        Row(
            f"/certificates/{each.authorisation.cert_no}",
            (
                each.authorisation.cert_no, each.title, each.scenario_code,
                vocabulary.term(each.kind, "scenario_kind"),
                names[each.authorisation.grantee_id], names[each.authorisation.operator_id],
                vocabulary.term(each.authorisation.purpose_code, "purpose"), str(each.items),
                f"{each.authorisation.valid_from} — {each.authorisation.valid_to}",
            ),
            str(each.authorisation.state),
        )
        for each in found
    ]  # fmt: skip


def _agreed(work: Work, found: Sequence[Any], about: Callable[[Any], str]) -> list[Row]:
    names = shown.names(work, [party for one in found for party in one.parties])
    return [
        Row(
            None,
            (one.code, names[one.grantor_id], names[one.operator_id], about(one),
             f"{one.term_from} — {one.term_to}"),
            str(one.state),
        )
        for one in found
    ]  # fmt: skip
