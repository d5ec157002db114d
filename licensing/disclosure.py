"""The yearly disclosure (信息披露) of implementing agencies and operators, from the books.

Source: each tells by the end of March, for the year before: the agency itself, the
resources that it has authorised and the ceilings of fees; the operator itself, the
resources that it has got, its products and services and the fees that it takes. A light
stands for each that is owed from the first of March, and turns red when it is missing
(I-50). A published document keeps its hash and its moment, and never changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel import crypto, ids
from kernel.actor import Duty, Role
from kernel.clock import local_date
from kernel.crypto import CryptoProvider, canonical
from kernel.deadlines import WARN_BP, Light
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed, StepRefused
from kernel.pages import Page, keyset
from kernel.work import Rules, Work
from licensing.applications import opinions
from licensing.disclosing import disclosed
from licensing.disclosing.disclosed import Disclosure as Disclosure
from licensing.disclosing.disclosed import Kind as Kind

PUBLISHERS: Final = frozenset({Duty.SIGNER, Duty.APPROVER})
FIRST_YEAR: Final = 2025
"""The year in which authorised operation began to be disclosed."""


@dataclass(frozen=True, slots=True)
class Due:
    """What one party owes for one year, and how that stands.

    light: None before it begins to be asked for. published: the first of its documents.
    """

    organisation_id: str
    kind: Kind
    year: int
    due_on: date
    light: Light | None
    published: Disclosure | None
    agreements: tuple[str, ...]


def publish(work: Work, *, year: int, products: Sequence[Mapping[str, Any]] = ()) -> Disclosure:
    """Publish the disclosure of the actor's organisation for a year that is over.

    products: the products and services of an operator, with their fees, as the market knows
    them. Raises StepNotAllowed to anybody who may
    not speak for an agency or an operator, Invalid for the year, StepRefused when there is
    nothing to disclose.
    """
    kind = kind_of(work)
    if kind is None or not work.actor.duties & PUBLISHERS:
        zh, en = "由实施机构或运营机构的负责人发布", "an agency or an operator publishes its own"
        raise StepNotAllowed(zh, en)
    told = document(work, kind, year, products=products)
    content = canonical(told)
    seal = work.crypto.sign(content)
    made = Disclosure(
        id=ids.new("dsc_", work.now),
        organisation_id=work.actor.organisation,
        kind=kind.value,
        year=year,
        number=_last_number(work.session, work.actor.organisation, kind, year) + 1,
        body=told,
        digest_alg=work.crypto.digest_alg,
        digest=work.crypto.digest(content),
        alg=seal.alg,
        key_id=seal.key_id,
        value=seal.value,
        published_at=work.now,
        published_by=work.actor.person,
    )
    work.session.add(made)
    work.record("disclosure.published", made.id, year=year, discloser=kind.value,
                number=made.number, digest=made.digest)  # fmt: skip
    return made


def document(
    work: Work, kind: Kind, year: int, *, products: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return what the actor's organisation would disclose now. Raises as `publish` does."""
    if not FIRST_YEAR <= year < local_date(work.now).year:
        raise Invalid("只能披露已经结束的年度", "a year that is over", pointer="/year")
    told = disclosed.body(work.session, work.actor.organisation, kind, year)
    if told is None:
        zh, en = f"{year} 年没有须披露的授权运营协议", f"no agreement to disclose for {year}"
        raise StepRefused(zh, en, (Refusal("NOTHING_TO_DISCLOSE", zh, en),))
    own = {"products": list(products)} if kind == Kind.OPERATOR else {}
    return {**told, **own, "generated_at": work.now.isoformat()}


def kind_of(work: Work) -> Kind | None:
    """Return as what the actor's organisation discloses; None when it does not."""
    if Role.IMPLEMENTING_AGENCY in work.actor.roles:
        return Kind.IMPLEMENTING_AGENCY
    return Kind.OPERATOR if Role.AUTHORISED_OPERATOR in work.actor.roles else None


def owed(work: Work, *, year: int | None = None) -> list[Due]:
    """Return what is owed for a year (the last one when None), and the light of each.

    To its own party, and all of it to those who oversee. Two SELECTs.
    """
    today = local_date(work.now)
    year = today.year - 1 if year is None else year
    first: dict[tuple[str, str], Disclosure] = {}
    for each in disclosed.of_year(work.session, year):
        first.setdefault((each.organisation_id, each.kind), each)
    codes: dict[tuple[str, Kind], list[str]] = {}
    for agreement in disclosed.obliged(work.session, year):
        parties = ((agreement.implementing_agency_id, Kind.IMPLEMENTING_AGENCY),
                   (agreement.operator_id, Kind.OPERATOR))  # fmt: skip
        for key in parties:
            codes.setdefault(key, []).append(agreement.code)
    overseen = opinions.oversees(work.actor)
    return [
        _due(work.rules, today, year, key, codes[key], first.get(key))
        for key in sorted(codes)
        if overseen or key[0] == work.actor.organisation
    ]


def light(rules: Rules, year: int, today: date, published_on: date | None) -> Light | None:
    """Return the light of a year's disclosure: a pure function of its days.

    None until the day from which it is asked for; yellow when a fifth of the time is left.
    """
    begins, due = _day(rules, "from", year), _day(rules, "due", year)
    if published_on is not None:
        return Light.DONE_GREEN if published_on <= due else Light.DONE_RED
    if today < begins:
        return None
    if today > due:
        return Light.RED
    warned = ((due - begins).days + 1) * WARN_BP // 10_000 + 1
    return Light.YELLOW if (due - today).days < warned else Light.GREEN


def find(session: Session, disclosure_id: str) -> Disclosure:
    """Return a published disclosure; everybody may read it. Raises NotFound."""
    found = session.get(Disclosure, disclosure_id)
    if found is None:
        raise NotFound("没有这份信息披露", f"no disclosure {disclosure_id}")
    return found


def listed(
    session: Session, *, year: int | None = None, after: str | None = None, limit: int
) -> Page[Disclosure]:
    """Return one page of what was published, newest first. One SELECT on an index."""
    statement = select(Disclosure)
    if year is not None:
        statement = statement.where(Disclosure.year == year)
    return keyset(session, statement, by=((Disclosure.id, "desc"),), after=after, limit=limit)


def holds(provider: CryptoProvider, found: Disclosure) -> bool:
    """Tell whether the document is the one that was published: seal and, if it can be, digest."""
    content = canonical(found.body)
    seal = crypto.Signature(found.alg, found.key_id, found.value)
    same = provider.digest_alg != found.digest_alg or provider.digest(content) == found.digest
    return same and provider.verify(content, seal)


def _due(
    rules: Rules,
    today: date,
    year: int,
    key: tuple[str, Kind],
    codes: Sequence[str],
    published: Disclosure | None,
) -> Due:
    on = None if published is None else local_date(published.published_at)
    return Due(
        organisation_id=key[0],
        kind=key[1],
        year=year,
        due_on=_day(rules, "due", year),
        light=light(rules, year, today, on),
        published=published,
        agreements=tuple(codes),
    )


def _day(rules: Rules, which: str, year: int) -> date:
    return date.fromisoformat(f"{year + 1}-{rules.text(f'frame.disclosure_{which}')}")


def _last_number(session: Session, organisation_id: str, kind: Kind, year: int) -> int:
    statement = select(func.coalesce(func.max(Disclosure.number), 0)).where(
        Disclosure.organisation_id == organisation_id,
        Disclosure.kind == kind.value,
        Disclosure.year == year,
    )
    return session.scalars(statement).one()
