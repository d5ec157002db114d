"""Chapter six: rankings move, the regulator suspends, the next read is refused, books balance."""

from typing import Any

from app.story import market
from app.story.stage import Stage


def rankings(stage: Stage) -> None:
    """Read the ranking that the trade has moved."""
    with stage.telling.step("成交额与榜单变动 · volume and rankings move", "auditor"):
        auditor = stage.as_("auditor")
        places = auditor.get("/api/rankings", kind="merchants")["places"]
        stage.telling.ranking = [
            {"rank": place["rank"], "name": place["name_zh"], "fen": place["value"]["minor"]}
            for place in places
        ]
        counted = auditor.get("/api/rankings/totals")["counted"]["minor"]
        ties_out = auditor.get("/api/rankings/tie-out")["ties_out"]
        if counted != market.PRICE_FEN or not ties_out:
            raise ValueError(f"counted {counted}, ties out: {ties_out}")


def suspension(stage: Stage, authorisation: dict[str, Any], delivery: str) -> None:
    """Suspend the authorisation: the very next read is refused."""
    where = f"/api/authorisations/{authorisation['id']}"
    with stage.telling.step("监管方中止授权 · the regulator suspends", "regulator"):
        stage.as_("regulator").post(
            f"{where}/suspend", {"cause": "purpose_deviation", "reason": "抽查发现超范围使用迹象"}
        )
    with stage.telling.step("下一次读取即被拒 · the next read is refused", "analyst"):
        stage.telling.refusals.append(
            stage.as_("analyst").refused(
                f"/api/deliveries/{delivery}/reads",
                market.reading("weather_insurance"),
                "AUTH_SUSPENDED",
            )
        )


def reopening(stage: Stage, authorisation: dict[str, Any], product: str) -> None:
    """Lift the suspension: the product that went down with it comes back by itself."""
    reason = {"reason": "核查未发现超范围使用"}
    with stage.telling.step("核查完毕，恢复授权与产品 · the suspension is lifted", "regulator"):
        where = f"/api/authorisations/{authorisation['id']}"
        stage.as_("regulator").post(f"{where}/resume", reason)
        stage.until("merchant", f"/api/products/{product}", "listed")


def books(stage: Stage, order: dict[str, Any]) -> None:
    """Balance the books: no difference, and nothing of the order left in escrow."""
    with stage.telling.step("账簿试算平衡，托管余额为零 · the books balance", "auditor"):
        balance = stage.as_("auditor").get("/api/ledger/trial-balance")
        left = stage.as_("auditor").get(f"/api/ledger/orders/{order['id']}")
        stage.telling.ledger = {
            "trial_balance_fen": balance["difference"],
            "escrow_left_fen": left["in_escrow"]["minor"] + left["waiting"]["minor"],
        }
