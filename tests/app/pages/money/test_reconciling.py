"""The desk of reconciling: what does not agree, who looks into it, which days are closed."""

from app.unit import Exchange
from settlement.bank import intake, statements
from settlement.reconciling import breaks
from settlement.reconciling.facts import Type
from tests.app.pages.conftest import ON_SQLITE, Visit
from tests.app.pages.town import TODAY
from tests.conftest import work_of
from tests.settlement import money


def _unknown_debit(application: Exchange) -> str:
    """Import a debit that nobody knows, reconcile, and return the break."""
    with application.house.engines.writing() as session:
        work = work_of(session, "per_exchange_settler", at=TODAY)
        last = statements.last(session, money.CUSTODY)
        intake.import_statement(
            work,
            account=money.CUSTODY,
            text=money.csv_of(
                [("T-odd", -500, "某某", "未知")],
                number="odd",
                opening=last.closing.minor if last else 500,
                on="2026-07-19",
            ),
        )
        session.commit()
    return "T-odd"


def _live(application: Exchange, kind: str) -> str:
    with application.house.engines.reading() as session:
        work = work_of(session, "per_exchange_settler", at=TODAY)
        found = breaks.listed(work, after=None, limit=100).items
        return next(it.id for it in found if it.type == kind)


def test_a_break_is_found_owned_and_explained(visit: Visit, application: Exchange) -> None:
    _unknown_debit(application)
    settler = visit("per_exchange_settler")

    settler.post("/reconciliation/runs", day="2026-07-19")
    settler.shows("/reconciliation?state=open&leg=bank", "对方有、我方无", "5.00", "待查")
    found = _live(application, "missing_left")
    settler.post(f"/reconciliation/breaks/{found}/owner", owner="me")
    settler.shows(f"/reconciliation/breaks/{found}", "不再负责", "说明原因")
    settler.shows("/reconciliation?mine=1", "对方有、我方无")
    settler.post(f"/reconciliation/breaks/{found}/owner", owner="nobody")
    settler.post(
        f"/steps/reconciliation_break/{found}/explain", cause="银行误扣", next="/reconciliation"
    )

    settler.shows(f"/reconciliation/breaks/{found}", "已说明", "银行误扣")


@ON_SQLITE
def test_breaks_are_saved_as_they_are_shown(visit: Visit, application: Exchange) -> None:
    _unknown_debit(application)
    settler = visit("per_exchange_settler")
    settler.post("/reconciliation/runs", day="2026-07-19")

    saved = settler.get("/reconciliation?leg=bank&file=csv").data.decode()
    book = settler.get("/reconciliation?file=xlsx")

    assert "差额（分）" in saved.splitlines()[0]
    assert Type.MISSING_LEFT.label.zh in saved
    assert ",500,CNY,2026-07-19," in saved
    assert book.mimetype.endswith("sheet")


@ON_SQLITE
def test_a_day_is_closed_by_another_once_all_is_explained(
    visit: Visit, application: Exchange
) -> None:
    settler, checker = visit("per_exchange_settler"), visit("per_exchange_checker")

    settler.shows("/reconciliation", "该日尚未对账")
    settler.post("/reconciliation/runs", day="2026-07-19")
    himself = settler.post("/reconciliation/days", day="2026-07-19")
    with application.house.engines.writing() as session:
        work = work_of(session, "per_exchange_settler", at=TODAY)
        for it in breaks.listed(work, after=None, limit=100).items:
            breaks.take(work, it.id, "explain", cause="已核实")
        session.commit()
    closed = checker.post("/reconciliation/days", day="2026-07-19")

    assert himself.status_code == 409
    assert closed.status_code == 303
    checker.shows("/reconciliation", "2026-07-19", "关账 2026-07-20")


@ON_SQLITE
def test_the_desk_of_reconciling_is_for_overseers(visit: Visit) -> None:
    assert visit("per_buyer_editor").get("/reconciliation").status_code == 403
    visit("per_exchange_auditor").shows("/reconciliation", "对账与日终")
