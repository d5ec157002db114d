"""What the codes of data assets and of evidence packs are called on a page."""

from typing import Final

from kernel.words import Words

STATES: Final[dict[str, tuple[str, str, str]]] = {
    "asset_card.draft": ("草稿", "draft", "past"),
    "asset_card.submitted": ("待会计签认", "to be signed off", "busy"),
    "asset_card.recognised": ("已入表", "recognised", "good"),
    "asset_card.revising": ("变更待批准", "being revised", "warn"),
    "asset_card.derecognised": ("已终止确认", "derecognised", "past"),
    "asset_card.dropped": ("已作废", "dropped", "past"),
    "asset_change.proposed": ("待复核", "to be checked", "busy"),
    "asset_change.booked": ("已入账", "booked", "good"),
    "asset_change.dropped": ("已作废", "dropped", "past"),
    "asset_disclosure.prepared": ("待会计签认", "to be signed off", "busy"),
    "asset_disclosure.final": ("已定稿", "final", "good"),
    "asset_disclosure.dropped": ("已作废", "dropped", "past"),
}

EVENTS: Final[dict[str, Words]] = {
    "asset_card.drafted": Words("建立资产卡片", "Card begun"),
    "asset_card.mended": Words("修改卡片", "Card written anew"),
    "asset_card.amortised": Words("计提摊销", "Amortisation charged"),
    "asset_card.valued": Words("备存评估报告", "Valuation report filed"),
    "asset_change.proposed": Words("提出变动", "Change proposed"),
    "asset_disclosure.prepared": Words("编制披露表", "Tables prepared"),
    "evidence_pack.issued": Words("出具证据包", "Evidence pack issued"),
}
