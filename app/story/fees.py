"""Between chapters three and four: what the operator may earn, and what a data set may cost."""

from datetime import date

from app.story.stage import Stage

COSTS_FEN = {"data_processing": 700_000_000, "cloud_compute_storage": 300_000_000,
             "staff": 200_000_000}  # fmt: skip
CAP_E6 = 20_000_000 * 1_000_000
"""200,000 yuan for one data set, in 10⁻⁶ fen."""


def cap(stage: Stage) -> None:
    """Have the permitted revenue approved, and an upper limit fixed within it."""
    today = stage.today()
    first, last = date(today.year, 1, 1), date(today.year + 1, 12, 31)
    with stage.telling.step("核定最高准许收入 · the permitted revenue is approved", "regulator"):
        period = stage.as_("operator").post(
            "/api/fee-periods",
            {
                "first_on": first.isoformat(),
                "last_on": last.isoformat(),
                "costs": COSTS_FEN,
                "profit_rate_bp": 500,
                "taxes_fen": 72_000_000,
                "trial": True,
            },
        )
        where = f"/api/fee-periods/{period['id']}"
        stage.as_("operator").post(f"{where}/file")
        stage.as_("regulator").post(f"{where}/approve", {"doc_no": "演示发改价〔2026〕1号"})
    with stage.telling.step("制定上限收费标准 · an upper-limit fee is fixed", "approver"):
        stage.as_("approver").post(
            f"{where}/caps",
            {
                "product_type": "dataset",
                "meter": "product",
                "cap_e6": CAP_E6,
                "valid_from": first.isoformat(),
                "valid_to": last.isoformat(),
                "doc_no": "演示授权运营〔2026〕2号",
            },
        )
