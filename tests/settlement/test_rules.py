from settlement import rules
from settlement.chart import CHART
from settlement.rules import RULES
from settlement.rules.coming_in import COMING_IN
from settlement.rules.going_back import GOING_BACK
from settlement.rules.going_out import GOING_OUT
from settlement.rules.keeping import KEEPING
from settlement.rules.trading import TRADING

PARTS = (COMING_IN, TRADING, GOING_OUT, GOING_BACK, KEEPING)


def test_an_event_has_one_rule() -> None:
    told = [rule.event for part in PARTS for rule in part]

    assert list(RULES) == [*told, "reversal"]
    assert len(set(told)) == len(told)


def test_every_rule_speaks_of_accounts_of_the_chart_and_never_mixes_the_books() -> None:
    pairs = [pair for rule in RULES.values() for pair in rule.pairs]

    for debit, credit in pairs:
        assert CHART[debit].kind.book is CHART[credit].kind.book, (debit, credit)
        assert debit != credit


def test_what_is_billed_and_not_collected_can_never_be_paid_out() -> None:
    payable = {code for code in CHART if code.startswith("2202.")}

    pairs = {pair for rule in RULES.values() for pair in rule.pairs}

    assert not [pair for pair in pairs if pair[0] == "2204.billed" and pair[1] in payable]


def test_an_event_may_do_what_its_rule_says_and_nothing_else() -> None:
    assert rules.allows("bank.received", "1012.custody", "2241.suspense")
    assert not rules.allows("bank.received", "2241.suspense", "1012.custody")
    assert not rules.allows("bank.received", "1012.custody", "2241.escrow")
    assert not rules.allows("bank.robbed", "2241.suspense", "1012.custody")


def test_a_reversal_may_take_back_whatever_a_rule_allows_and_nothing_else() -> None:
    forward = [pair for event, rule in RULES.items() if event != "reversal" for pair in rule.pairs]

    assert all(rules.allows("reversal", credit, debit) for debit, credit in forward)
    assert not rules.allows("reversal", "1012.custody", "2241.escrow")


def test_every_rule_says_what_happened_in_both_languages() -> None:
    for rule in RULES.values():
        assert rule.says.zh != rule.says.en
        assert rule.source
