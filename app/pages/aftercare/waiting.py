"""What of disputes, ratings, complaints and destructions waits on a desk."""

from app import languages
from app.pages import chrome, shown
from app.pages.shown import Row
from kernel.words import Words
from kernel.work import Work
from marketplace.aftercare import bad_reviews, complaints, destructions, disputes
from marketplace.aftercare.complaint_rows import Category
from marketplace.aftercare.dispute_rows import Ground
from marketplace.seeking import orders
from marketplace.standing import returning

_WITHDRAWN = Words(
    "终止部分的退款已撤回，款项仍在托管：请重新申请",
    "withdrawn, and still in escrow: ask for it again",
)


def disputed(work: Work) -> list[Row]:
    """Return the disputes that are open, with the light of each. Two SELECTs."""
    found = disputes.listed(work, open_only=True, limit=shown.SHORT).items
    rows = [
        shown.row(f"/disputes/{one.id}", languages.said(Ground(one.ground).label), one.code,
                  f"trade_dispute.{one.state}")
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def complained(work: Work) -> list[Row]:
    """Return the complaints that are open, with the light of each. Two SELECTs."""
    found = complaints.listed(work, open_only=True, limit=shown.SHORT).items
    rows = [
        shown.row(f"/complaints/{one.id}", languages.said(Category(one.category).label), one.code,
                  f"complaint.{one.state}")
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def reviewed(work: Work) -> list[Row]:
    """Return the bad reviews that are open, with the light of each. Three SELECTs."""
    found = bad_reviews.listed(work, open_only=True, limit=shown.SHORT).items
    firms = shown.names(work, [one.merchant_id for one in found])
    rows = [
        shown.row(f"/bad-reviews/{one.id}", firms[one.merchant_id], "", f"bad_review.{one.state}")
        for one in found
    ]
    return shown.lit(work, rows, [one.id for one in found])


def to_destroy(work: Work) -> list[Row]:
    """Return what is due to be destroyed, with the light of each. Three SELECTs."""
    found = destructions.listed(work, unproved=True, limit=shown.SHORT).items
    codes = orders.codes(work.session, [one.order_id for one in found])
    rows = [
        shown.row(f"/data-destructions/{one.id}", codes[one.order_id], "",
                  f"data_destruction.{one.state}")
        for one in found
    ]  # fmt: skip
    return shown.lit(work, rows, [one.id for one in found])


def to_return(work: Work) -> list[Row]:
    """Return the orders of which the house cannot give back what it should, and refunds withdrawn.

    Four SELECTs.
    """
    found = returning.waiting(work, limit=shown.SHORT)
    withdrawn = returning.withdrawn(work, limit=shown.SHORT)
    codes = orders.codes(work.session, [one.order_id or "" for one in withdrawn])
    why = languages.said(_WITHDRAWN)
    return [
        *(shown.row(f"/orders/{one.order.id}", one.order.code, languages.said(one.why),
                    f"order.{one.order.state}") for one in found),
        *(shown.row(f"/settlement/refunds/{one.id}", codes[one.order_id or ""],
                    f"{why} · {chrome.money(one.amount)}", f"refund.{one.state}")
          for one in withdrawn),
    ]  # fmt: skip
