"""The cascade: signed envelopes from below, each applied once and in order."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from catalogue import cascade
from catalogue.cascade import CascadeNode, EnvelopeRefused, Op, Sent, State
from kernel.crypto import StandardProvider
from kernel.errors import Invalid, NotFound, StepNotAllowed, StepRefused
from tests.conftest import NOON, WorkAs, work_of

BELOW = StandardProvider(bytes(range(1, 33)))
STRANGER = StandardProvider(bytes(range(2, 34)))


@pytest.fixture
def node(session: Session) -> CascadeNode:
    """Let the weather department's city hub take part."""
    made = cascade.join(
        work_of(session, "per_hub_officer"),
        organisation_id="org_dept",
        level="city",
        region="430100",
        public_key=BELOW.public_key.hex(),
    )
    session.flush()
    return made


def _sent(node: CascadeNode, seq: int = 1, by: Any = BELOW, **changes: Any) -> Sent:
    said: dict[str, Any] = {
        "seq": seq,
        "op": Op.UPSERT,
        "directory_code": "CAT-430100-000001",
        "content": {"title_zh": "公交线路", "items": ["线路号"]},
        "sent_at": NOON,
        **changes,
    }
    bare = Sent(**said, signature="")
    return replace(bare, signature=by.sign(cascade.signed_bytes(node.id, bare)).value)


def _count(session: Session) -> tuple[int, int]:
    return session.query(cascade.Envelope).count(), session.query(cascade.Cascaded).count()


def test_i_11_the_same_envelope_twice_changes_nothing(
    session: Session, work_as: WorkAs, node: CascadeNode
) -> None:
    sent = _sent(node)

    first = cascade.apply(work_as("per_dept_editor"), node.id, sent)
    session.flush()
    before = (_count(session), first.version, node.last_seq)
    again = cascade.apply(work_as("per_dept_editor"), node.id, sent)
    session.flush()

    assert again is first
    assert (_count(session), again.version, node.last_seq) == before
    assert cascade.lag(node, NOON + timedelta(hours=2)) == timedelta(hours=2)


def test_i_11_a_bad_signature_or_an_older_number_changes_nothing(
    session: Session, work_as: WorkAs, node: CascadeNode
) -> None:
    work = work_as("per_dept_editor")
    cascade.apply(work, node.id, _sent(node, 5))
    session.flush()
    before = _count(session)
    edited = replace(_sent(node, 6), content={"title_zh": "别的"})
    bad = [_sent(node, 6, by=STRANGER), edited, _sent(node, 4),
           _sent(node, 5, content={"title_zh": "同号异文"}),
           replace(_sent(node, 7), signature="zz"),
           _sent(node, 8, op=Op.REVOKE, directory_code="CAT-430100-000099")]  # fmt: skip

    for sent in bad:
        with pytest.raises(EnvelopeRefused), session.begin_nested():
            cascade.apply(work, node.id, sent)

    session.expire_all()
    assert _count(session) == before
    assert node.last_seq == 5


def test_what_came_from_below_is_accepted_or_returned_and_never_edited(
    session: Session, work_as: WorkAs, node: CascadeNode
) -> None:
    below, hub = work_as("per_dept_editor"), work_as("per_hub_officer")
    made = cascade.apply(below, node.id, _sent(node, 1))
    session.flush()
    with pytest.raises(StepNotAllowed):
        cascade.take(below, made.id, "accept")
    with pytest.raises(StepRefused):
        cascade.take(hub, made.id, "return", reason=" ".strip())

    cascade.take(hub, made.id, "return", reason="缺少更新周期")
    cascade.apply(below, node.id, _sent(node, 2, content={"title_zh": "公交线路（修订）"}))
    resent = made.state
    cascade.apply(below, node.id, _sent(node, 3, content={"title_zh": "公交线路（再修订）"}))
    cascade.take(hub, made.id, "accept")
    accepted = made.state
    cascade.apply(below, node.id, _sent(node, 4, op=Op.REVOKE))

    assert (resent, accepted, made.state) == (State.RECEIVED, State.ACCEPTED, State.REVOKED)
    assert made.seq == 4
    assert [one.id for one in cascade.listed(hub, state=State.REVOKED, limit=5).items] == [made.id]
    assert cascade.listed(work_as("per_buyer_signer"), limit=5).items == []
    assert [one.id for one in cascade.listed(below, limit=5).items] == [made.id]
    with pytest.raises(NotFound):
        cascade.seen(work_as("per_buyer_signer"), made.id)
    with pytest.raises(NotFound):
        cascade.find(session, "csd_none")


def test_only_a_nodes_own_organisation_sends_for_it(work_as: WorkAs, node: CascadeNode) -> None:
    for person, where in (("per_buyer_signer", node.id), ("per_dept_editor", "nod_none")):
        with pytest.raises(NotFound):
            cascade.apply(work_as(person), where, _sent(node))
    with pytest.raises(Invalid):
        cascade.apply(
            work_as("per_dept_editor"), node.id, _sent(node, content={"x": "y" * 200_000})
        )


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"level": "village"}, "/level"),
        ({"region": "43"}, "/region"),
        ({"public_key": "ab"}, "/public_key"),
        ({"public_key": "not hexadecimal"}, "/public_key"),
    ],
)
def test_a_node_that_cannot_be_meant_is_refused(
    work_as: WorkAs, changes: dict[str, str], pointer: str
) -> None:
    said = {"organisation_id": "org_dept", "level": "city", "region": "430100",
            "public_key": "ab" * 32, **changes}  # fmt: skip

    with pytest.raises(Invalid) as refused:
        cascade.join(work_as("per_hub_officer"), **said)

    assert refused.value.pointer == pointer


def test_only_the_data_authority_lets_a_node_take_part(work_as: WorkAs, node: CascadeNode) -> None:
    with pytest.raises(StepNotAllowed):
        cascade.join(
            work_as("per_dept_editor"), organisation_id="org_dept", level="city",
            region="430100", public_key="ab" * 32,
        )  # fmt: skip

    assert cascade.lag(node, NOON) is None
    assert cascade.nodes(work_as("per_hub_officer").session) == [node]
