"""Remedies besides money back: another version, a longer term, an end of it, a correction.

They fit what was agreed and where the order stands; each is checked when it is decided, and
carried out on the deliveries in the transaction in which the decision takes effect.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from delivery import tasks
from delivery.tasks import DeliveryTask
from delivery.tasks import State as TaskState
from kernel.clock import local_date
from kernel.errors import Invalid
from kernel.money import Money
from kernel.work import Work
from licensing import authorisations
from marketplace import lines, products
from marketplace.aftercare.dispute_rows import Remedy, TradeDispute
from marketplace.charging import opening
from marketplace.orders import Order, State
from marketplace.versions import ProductVersion

ACCEPTED: Final = frozenset({State.ACCEPTED, State.COMPLETED})
"""Where an order stands whose delivery was accepted."""

UNDERTAKING_MAX: Final = 1_000


def fits(remedy: str, order_state: str) -> bool:
    """Tell whether a remedy can be asked for where an order stands. Pure.

    What was accepted is not delivered again; a term is lengthened or ended once it runs.
    """
    if remedy == Remedy.REDELIVER:
        return order_state not in ACCEPTED
    return remedy not in {Remedy.EXTEND, Remedy.TERMINATE} or order_state in ACCEPTED


def decide(work: Work, dispute: TradeDispute, remedy: Remedy, data: dict[str, Any]) -> None:
    """Set what a remedy needs besides money, from the answers. Raises Invalid with a pointer."""
    if not fits(remedy, dispute.order_was):
        zh, en = "订单所处阶段不适用此处理方式", "it does not fit where the order stands"
        raise Invalid(zh, en, pointer="/remedy")
    days = number = undertaking = None
    if remedy is Remedy.EXTEND:
        days = _days(work, dispute, data.get("days"))
    if remedy is Remedy.REPLACE:
        number = _version(work, dispute, data.get("version_number")).number
    if remedy is Remedy.CORRECT:
        undertaking = str(data.get("undertaking") or "").strip()
        if not 1 <= len(undertaking) <= UNDERTAKING_MAX:
            zh, en = "请写明须更正什么", "say what is to be corrected"
            raise Invalid(zh, en, pointer="/undertaking")
    dispute.days, dispute.version_number, dispute.undertaking = days, number, undertaking
    dispute.complied, dispute.verified = None, False


def unserved(work: Work, dispute: TradeDispute) -> Money:
    """Return what of the disputed lines' prices falls on the days of use that are left.

    By whole days, rounded down. Raises Invalid for what is charged by period or by use: its
    charges end with its service.
    """
    today, whole = local_date(work.now), Money(0, dispute.claimed.currency)
    order = work.session.get_one(Order, dispute.order_id)
    found = {task.order_line_id: task for task in _tasks(work, dispute)}
    for line in lines.of(work.session, dispute.order_id):
        if line.id not in found:
            continue
        if not opening.at_once(line, order.pay_mode):
            zh, en = "按期或按量计费的服务请终止订阅", "what is charged by period ends by itself"
            raise Invalid(zh, en, pointer="/remedy")
        until, since = found[line.id].use_until, local_date(order.accepted_at or work.now)
        if until is not None and until > today:
            left, term = (until - today).days, max(1, (until - since).days)
            whole += Money(line.amount.minor * min(left, term) // term, whole.currency)
    return whole


def carry_out(work: Work, dispute: TradeDispute) -> None:
    """Do to the deliveries what was decided; of other remedies there is nothing to do."""
    if dispute.remedy not in _DONE:
        return
    for task in _tasks(work, dispute):
        _DONE[dispute.remedy](work, dispute, task)


def needs_redelivery(dispute: TradeDispute) -> bool:
    """Tell whether the order is delivered again before the dispute is over. Pure."""
    again = dispute.remedy in {Remedy.REDELIVER, Remedy.REPLACE}
    return again and dispute.order_was not in ACCEPTED


def _lengthen(work: Work, dispute: TradeDispute, task: DeliveryTask) -> None:
    if task.use_until is not None:
        task.use_until += timedelta(days=dispute.days or 0)
        work.record("delivery.extended", task.id, use_until=task.use_until.isoformat(),
                    dispute_id=dispute.id)  # fmt: skip


def _replace(work: Work, dispute: TradeDispute, task: DeliveryTask) -> None:
    version = _version(work, dispute, dispute.version_number)
    task.product_version_id = version.id
    task.dataset_version_id, task.resource_id = version.dataset_version_id, version.resource_id
    work.record("delivery.replaced", task.id, product_version_id=version.id,
                number=version.number, dispute_id=dispute.id)  # fmt: skip


def _end(work: Work, dispute: TradeDispute, task: DeliveryTask) -> None:
    tasks.end_term_for(work, task.order_line_id, reason=f"争议处理 {dispute.code} ends its term")


_DONE: Final = {
    Remedy.EXTEND.value: _lengthen,
    Remedy.REPLACE.value: _replace,
    Remedy.TERMINATE.value: _end,
}


def _days(work: Work, dispute: TradeDispute, said: Any) -> int:
    most = work.rules.number("aftercare.extension_days_max")
    if not isinstance(said, int) or not 1 <= said <= most:
        zh, en = f"请填写延长天数，1–{most}", f"say by how many days, 1 to {most}"
        raise Invalid(zh, en, pointer="/days")
    today, more = local_date(work.now), timedelta(days=said)
    for task in _tasks(work, dispute):
        running = task.state == TaskState.ACCEPTED and task.use_until is not None
        if not running or task.use_until < today:  # type: ignore[operator]  # not None: running
            zh, en = "使用期已满或不定期，不能延长", "no term runs that could be lengthened"
            raise Invalid(zh, en, pointer="/remedy")
        if task.authorisation_id is not None:
            right = authorisations.find(work.session, task.authorisation_id)
            if task.use_until + more > right.valid_to:  # type: ignore[operator]  # as above
                zh, en = f"授权至 {right.valid_to} 止", f"its authorisation ends {right.valid_to}"
                raise Invalid(zh, en, pointer="/days")
    return said


def _version(work: Work, dispute: TradeDispute, said: Any) -> ProductVersion:
    """Return the version that replaces what was delivered: a later one, offered, of its kind."""
    found = _tasks(work, dispute)
    if len(found) != 1 or not isinstance(said, int):
        zh, en = "请填写替换的版本号；一次更换一个产品", "say which version; one product at a time"
        raise Invalid(zh, en, pointer="/version_number")
    before = work.session.get_one(ProductVersion, found[0].product_version_id)
    product = products.find(work.session, before.product_id)
    offered = work.session.get_one(ProductVersion, product.current_version_id)
    statement = select(ProductVersion).where(
        ProductVersion.product_id == product.id, ProductVersion.number == said
    )
    after = work.session.scalars(statement).one_or_none()
    if after is None or not before.number < after.number <= offered.number:
        zh, en = "须为同一产品在售的更高版本", "it is a later version that is on offer"
        raise Invalid(zh, en, pointer="/version_number")
    alike = ("delivery_mode", "grade", "pi_class", "source_kind", "authorisation_id")
    if any(getattr(before, name) != getattr(after, name) for name in alike):
        zh, en = "该版本的级别、来源或交付方式不同，须另行订购", "that version is of another kind"
        raise Invalid(zh, en, pointer="/version_number")
    return after


def _tasks(work: Work, dispute: TradeDispute) -> list[DeliveryTask]:
    ordered = tasks.of_order(work.session, dispute.order_id)
    return [task for task in ordered if task.order_line_id in dispute.line_ids]
