"""What an order puts into its evidence pack: terms, contract, history, deliveries, decisions."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import select

from delivery import tasks
from kernel.errors import NotFound
from kernel.work import Work
from licensing import authorisations, certificates
from licensing.outcomes import Decision
from licensing.signatures import Signature
from marketplace import lines, orders
from marketplace.contracts import Contract, ContractText
from settlement.evidence import files
from settlement.evidence.archive import Item
from settlement.evidence.packs import plain

DECISIONS_MAX: Final = 500
"""The most decisions on uses of one order in a pack: the latest."""


def of(work: Work, order_id: str) -> Iterator[Item]:
    """Yield what there is about an order, to its parties and to overseers. Raises NotFound.

    A fixed number of SELECTs, and three for each authorisation among its lines.
    """
    order = orders.seen(work, order_id)
    ordered = lines.of(work.session, order.id)
    yield plain("order.json", files.row(order))
    yield plain("lines.json", [files.row(line) for line in ordered])
    yield from contracts_of(work, [order.contract_id or ""])
    delivered = tasks.of_order(work.session, order.id)
    subjects = [order.id, order.contract_id or "", *(task.id for task in delivered)]
    yield from files.history(work, "order", subjects)
    yield plain("deliveries.json", [files.row(task) for task in delivered])
    rights = sorted({line.authorisation_id for line in ordered if line.authorisation_id})
    yield from authorised(work, rights)
    yield from _decisions(work, rights, [task.id for task in delivered])
    yield from files.of_order_money(work, order.id, order.seller_id)


def contracts_of(work: Work, contract_ids: Sequence[str]) -> Iterator[Item]:
    """Yield contracts: their text as it was signed, and the signatures under it. Three SELECTs."""
    found = select(Contract).where(Contract.id.in_(contract_ids)).order_by(Contract.id)
    said = select(ContractText).where(ContractText.contract_id.in_(contract_ids))
    texts = {text.contract_id: text for text in work.session.scalars(said)}
    under = select(Signature).where(Signature.subject.in_(contract_ids))
    signed: dict[str, list[Signature]] = {}
    for one in work.session.scalars(under.order_by(Signature.at, Signature.id)):
        signed.setdefault(one.subject, []).append(one)
    for contract in work.session.scalars(found):
        text, folder = texts[contract.id], f"contracts/{contract.id}"
        told = {**files.row(contract), "text_digest": text.text_digest}
        yield plain(f"{folder}/contract.json", told)
        yield Item(f"{folder}/text.txt", text.text.encode())
        seals = [files.row(one) for one in signed.get(contract.id, [])]
        yield plain(f"{folder}/signatures.json", seals)


def authorised(work: Work, rights: Sequence[str]) -> Iterator[Item]:
    """Yield the authorisations that the caller may see, with their certificates and history."""
    for right_id in rights:
        try:
            right = authorisations.seen(work, right_id)
        except NotFound:
            continue  # who bought of a grantee is not a party of its authorisation
        given = [certificates.written(one) for one in certificates.of(work.session, right.id)]
        yield plain(f"authorisations/{right.id}.json", {"certificates": given})
        yield from files.history(work, f"authorisation-{right.id}", [right.id])


def _decisions(work: Work, rights: Sequence[str], subjects: Sequence[str]) -> Iterator[Item]:
    statement = (
        select(Decision)
        .where(Decision.authorisation_id.in_(rights), Decision.subject.in_(subjects))
        .order_by(Decision.id.desc())
        .limit(DECISIONS_MAX)
    )
    found = [files.row(one) for one in work.session.scalars(statement)]
    if found:
        yield plain("decisions.json", found[::-1])
