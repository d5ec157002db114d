"""The texts of an agreement: the one in force, those before it, the one that is proposed."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import inspect, select

from kernel import ids
from kernel.errors import Refusal, StepRefused
from kernel.work import Work
from licensing import scope
from licensing.agreed.rows import OPEN, Agreed, Edition, State, read, text_digest


class Difference(NamedTuple):
    """One place in which two texts differ. before, after: None where nothing stood."""

    where: str
    before: Any
    after: Any


def proposed(agreement: Agreed) -> Any:
    """Return the agreement as it would read after its amendment; not a row of the database."""
    return reading(agreement, read(proposal_in(agreement)["terms"]))


def reading(agreement: Agreed, terms: dict[str, Any]) -> Any:
    """Return the agreement as it reads with other terms; not a row of the database."""
    columns = inspect(type(agreement)).column_attrs
    as_is = {column.key: getattr(agreement, column.key) for column in columns}
    return type(agreement)(**{**as_is, **terms})


def proposal_of(
    work: Work, agreement: Agreed, terms: dict[str, Any], reason: str
) -> dict[str, Any]:
    """Return what `amend` proposes: its id, under which it is signed, terms and digest."""
    changed = reading(agreement, terms)
    return {
        "id": ids.new("amd_", work.now),
        "terms": changed.written(),
        "digest": text_digest(changed, work.crypto),
        "reason": reason,
    }


def enter_edition(work: Work, agreement: Agreed, *, signed_as: str, note: str) -> None:
    """Keep the text that takes effect now, for good."""
    work.session.add(
        Edition(
            agreement_id=agreement.id,
            number=agreement.edition,
            body=agreement.text(),
            text_digest=text_digest(agreement, work.crypto),
            signed_as=signed_as,
            note=note,
            since=work.now,
        )
    )


def editions(work: Work, agreement_id: str) -> list[Edition]:
    """Return the texts that were in force, latest first, at most 50. One SELECT."""
    statement = (
        select(Edition)
        .where(Edition.agreement_id == agreement_id)
        .order_by(Edition.number.desc())
        .limit(50)
    )
    return list(work.session.scalars(statement))


def proposal_in(agreement: Agreed) -> dict[str, Any]:
    """Return the proposal that the agreement holds. Raises LookupError when it holds none."""
    if agreement.proposal is None:
        raise LookupError(f"{agreement.id} has no proposal")
    return agreement.proposal


def rewrite(work: Work, found: Agreed, columns: dict[str, Any], *, event: str) -> None:
    """Write other terms into an agreement that is not final yet.

    While it is negotiated its scope may only be narrower than what was decided on
    internally. Raises StepRefused when it is too late, or for a wider scope.
    """
    if found.state not in OPEN:
        zh, en = "协议已决策或已定稿，不能再改", "it is being decided on, or final"
        raise StepRefused(zh, en, (Refusal("ILLEGAL_TRANSITION", zh, en),))
    if found.state == State.NEGOTIATING and found.decision is not None:
        decided = scope.from_json(found.decision["terms"]["scope"])
        wider = scope.fits(scope.from_json(columns["scope"]), decided)
        if wider:
            told = [Refusal("SCOPE_NOT_DECIDED", *each.words) for each in wider]
            zh, en = "超出内部决策的范围", "wider than was decided on internally"
            raise StepRefused(zh, en, tuple(told))
    for name, value in columns.items():
        setattr(found, name, value)
    work.record(event, found.id, scope_hash=found.scope_hash)


def differences(before: Any, after: Any, where: str = "") -> list[Difference]:
    """Return every place in which two texts differ: leaves of objects, members of lists."""
    return list(_differences(before, after, where))


def _differences(before: Any, after: Any, where: str) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _differences(before.get(name), after.get(name), f"{where}/{name}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from (Difference(where, each, None) for each in before if each not in after)
        yield from (Difference(where, None, each) for each in after if each not in before)
    elif before != after:
        yield Difference(where, before, after)
