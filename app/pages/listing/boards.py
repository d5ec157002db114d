"""Pages of a themed board: for everybody, for merchants who ask, for the curator at its desk."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template

from app import doors, languages, unit
from app.pages import forms, market, shown
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.words import Words
from kernel.work import Work
from marketplace import access, admissions, boards, products, volume
from marketplace.boarding import figures, places, requests
from marketplace.boarding.figures import BoardDeclaration
from marketplace.boarding.requests import Barred
from marketplace.boards import Board

blueprint = Blueprint("themed", __name__)

CANDIDATES: Final = 50
"""Products among which a merchant chooses at once."""

_UNITS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


@blueprint.get("/boards/<code>")
@doors.public
def board(code: str) -> Any:
    """Show a board: its rules, its figures and how they are counted, what stands on it."""
    work = unit.current()
    found = boards.by_code(work.session, code)
    page = products.listed(work.session, board=found.id, after=shown.after(), limit=shown.PAGE)
    first = places.pinned(work.session, found.id) if not shown.after() else []
    asks = requests.merchant.matches(work.actor, None)
    owners = [each.owner_id for each in (*page.items, *first)]
    return render_template(
        "market/board.html",
        board=market.named(found),
        industry=found.industry,
        parties=shown.names(work, [found.sponsor_id, found.curator_id, *owners]),
        keepers=(found.sponsor_id, found.curator_id),
        traded=volume.by_board(work.session).get(found.id),
        figures=_figures(work, found),
        pinned=[market.row(each) for each in first],
        products=[market.row(each) for each in page.items],
        next=page.next,
        candidates=[market.row(each) for each in _candidates(work, found)] if asks else None,
        keeps=_keeps(work, found),
    )


@blueprint.post("/boards/<code>/requests")
@doors.members("write")
def file(code: str) -> Any:
    """Ask for places for the products that were ticked."""
    work = unit.current()
    found = boards.by_code(work.session, code)
    chosen = _chosen("product")
    barred = requests.file_all(work, found.id, chosen, note=forms.text("note", max=500))
    _tell(barred, len(chosen))
    return redirect(f"/boards/{found.code}/requests", 303)


@blueprint.get("/boards/<code>/requests")
@doors.members("read")
def asked(code: str) -> Any:
    """Show the requests of one's own products, or all to the curator, and where they stand."""
    work = unit.current()
    found = boards.by_code(work.session, code)
    page = requests.listed(work, board_id=found.id, after=shown.after(), limit=shown.PAGE)
    return render_template(
        "boards/requests.html",
        board=market.named(found),
        rows=_rows(work, page.items),
        next=page.next,
        keeps=_keeps(work, found),
    )


@blueprint.get("/boards/<code>/desk")
@doors.members("read")
def desk(code: str) -> Any:
    """Show the curator what waits, what stands first, and what is declared."""
    work = unit.current()
    found = boards.by_code(work.session, code)
    if not _keeps(work, found):
        access.require(work, boards.curator, found, "board.desk")
    page = requests.listed(
        work, board_id=found.id, state=requests.State.ASKED, after=shown.after(), limit=shown.PAGE
    )
    return render_template(
        "boards/desk.html",
        board=market.named(found),
        rows=_rows(work, page.items),
        next=page.next,
        pinned=[market.row(each) for each in places.pinned(work.session, found.id)],
        pinned_max=places.PINNED_MAX,
        figures=_figures(work, found),
        decides=boards.curator.matches(work.actor, found),
        today=local_date(work.now),
    )


@blueprint.post("/boards/<code>/answers")
@doors.members("write")
def answer(code: str) -> Any:
    """Let in, or decline, the requests that were ticked."""
    work = unit.current()
    found = boards.by_code(work.session, code)
    step = forms.choice("step", ("admit", "decline"))
    chosen, reason = _chosen("request"), forms.text("reason", max=500)
    said = {"reason": reason} if reason else {}
    _tell(requests.answer_all(work, chosen, step, **said), len(chosen))
    return redirect(f"/boards/{found.code}/desk", 303)


@blueprint.post("/boards/<code>/pins")
@doors.members("write")
def pin(code: str) -> Any:
    """Let the products of these codes stand first, in their order."""
    work = unit.current()
    found = boards.by_code(work.session, code)
    wanted = forms.lines("codes")
    places.pin(work, found.id, _on_board(work, found, wanted, "/codes"))
    return redirect(f"/boards/{found.code}/desk", 303)


@blueprint.post("/boards/<code>/dismissals")
@doors.members("write")
def dismiss(code: str) -> Any:
    """Take a product off the board, and say why."""
    work = unit.current()
    found = boards.by_code(work.session, code)
    reason = forms.text("reason", max=500)
    if not reason:
        raise Invalid("请填写理由", "a reason is needed", pointer="/reason")
    (product_id,) = _on_board(work, found, [forms.text("product", max=40)], "/product")
    admissions.dismiss(work, found.id, product_id, reason=reason)
    return redirect(f"/boards/{found.code}/desk", 303)


@blueprint.post("/boards/<code>/declarations")
@doors.members("write")
def declare(code: str) -> Any:
    """State the volume behind the board, in terabytes, and on what that rests."""
    work = unit.current()
    found = boards.by_code(work.session, code)
    figures.declare(
        work,
        found.id,
        size_bytes=min(forms.decimal("terabytes", places=3) * 10**9, figures.SIZE_MAX) or 1,
        as_of=forms.day("as_of"),
        basis_zh=forms.text("basis_zh", max=1000),
        basis_en=forms.text("basis_en", max=1000),
    )
    return redirect(f"/boards/{found.code}/desk", 303)


def sized(size_bytes: int) -> str:
    """Say a size in the unit that suits it; TB = 10¹² B."""
    for unit_bytes, name in _UNITS:
        if size_bytes >= unit_bytes:
            tenths = size_bytes * 10 // unit_bytes
            return f"{tenths // 10:,}.{tenths % 10} {name}"
    return f"{size_bytes} B"


def _keeps(work: Work, found: Board) -> bool:
    return any(who.matches(work.actor, found) for who in (boards.curator, figures.sponsor))


def _candidates(work: Work, found: Board) -> list[Any]:
    return requests.candidates(work, found.id, limit=CANDIDATES)


def _chosen(name: str) -> list[str]:
    chosen = forms.many(name)
    if not chosen:
        raise Invalid("请至少勾选一项", "tick at least one", pointer=f"/{name}")
    return chosen


def _tell(barred: list[Barred], asked: int) -> None:
    """Raise the first reason where nothing could be done at all."""
    if barred and len(barred) == asked:
        raise barred[0].error


def _on_board(work: Work, found: Board, codes: list[str], pointer: str) -> list[str]:
    there = admissions.coded(work.session, found.id, codes)
    for code in codes:
        if code not in there:
            raise Invalid(f"专板中没有 {code}", f"{code} is not on the board", pointer=pointer)
    return [there[code] for code in codes]


def _figures(work: Work, found: Board) -> dict[str, Any]:
    counted = figures.counted(work.session, found.id)
    return {
        "products": counted.products,
        "merchants": counted.merchants,
        "profiled": counted.profiled,
        "rows": counted.rows,
        "size": sized(counted.size_bytes),
        "declared": _declared(figures.declared(work.session, found.id)),
    }


def _declared(found: BoardDeclaration | None) -> dict[str, Any] | None:
    if found is None:
        return None
    basis = languages.said(Words(found.basis_zh, found.basis_en))
    return {"size": sized(found.size_bytes), "as_of": found.as_of, "basis": basis}


def _rows(work: Work, found: list[requests.BoardRequest]) -> list[dict[str, Any]]:
    titles = products.titles(work.session, [each.product_id for each in found])
    firms = shown.names(work, [each.merchant_id for each in found])
    lines = [
        {
            **shown.row(
                f"/products/{each.product_id}",
                languages.said(titles[each.product_id]),
                firms[each.merchant_id],
                f"board_request.{each.state}",
            ),
            "id": each.id,
            "said": each.note,
            "asked_at": each.asked_at,
        }
        for each in found
    ]
    return shown.lit(work, lines, [each.id for each in found])
