"""A role of an organisation: asked for, granted by another person, suspended, revoked.

Source: each role is granted separately (角色分别授予), with documents of its own. Roles that
are asked for together with the admission are granted with it; later ones are reviewed
alone. Whoever has another part in the organisation's admission cannot grant its roles.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel import ids
from kernel.actor import Role, system_only
from kernel.errors import Invalid, NotFound, Refusal, StepNotAllowed
from kernel.pages import Page, keyset
from kernel.parties import documents
from kernel.parties.reach import approver, officiates, reads, registrar, regulator, runs

# The row of a role is spoken of as roles.OrganisationRole.
from kernel.parties.rows import Organisation
from kernel.parties.rows import OrganisationRole as OrganisationRole
from kernel.parties.rows import RoleState as RoleState
from kernel.parties.rows import State as OrganisationState
from kernel.words import Words
from kernel.work import Work
from kernel.workflow import REASON, Workflow, step


def _holder(role: OrganisationRole, work: Work) -> Organisation:
    found = work.session.get(Organisation, role.organisation_id)
    if found is None:
        raise _missing(role.organisation_id)
    return found


def _holder_is_active(role: OrganisationRole, work: Work) -> Refusal | None:
    if _holder(role, work).state == OrganisationState.ACTIVE:
        return None
    return Refusal(
        "ORGANISATION_NOT_ACTIVE", "机构未处于正常状态", "the organisation is not active"
    )


def _has_documents(role: OrganisationRole, work: Work) -> Refusal | None:
    if Role.SYSTEM in work.actor.roles:
        return None  # an exchange's first organisations are entered at its console
    wanting = documents.wanting(work, role.organisation_id, {role.role})
    return documents.as_refusal(wanting.role) if wanting.role else None


def _set_granted(role: OrganisationRole, work: Work, _data: dict[str, Any]) -> None:
    role.granted_at = work.now


# fmt: off
LIFE: Workflow[RoleState, OrganisationRole] = Workflow(
    "organisation_role", RoleState, RoleState.REQUESTED,
    step("grant",   {RoleState.REQUESTED}, RoleState.GRANTED, (approver, system_only),
         when=(_holder_is_active, _has_documents), then=(_set_granted,), hand="approver",
         says="role.granted", label=Words("授予角色", "Grant")),
    step("refuse",  {RoleState.REQUESTED}, RoleState.REVOKED, approver,
         asks=(REASON,), hand="approver", says="role.refused",
         label=Words("不予授予", "Refuse")),
    step("suspend", {RoleState.GRANTED}, RoleState.SUSPENDED, (approver, regulator),
         asks=(REASON,), says="role.suspended", label=Words("暂停角色", "Suspend")),
    step("resume",  {RoleState.SUSPENDED}, RoleState.GRANTED, approver,
         when=(_holder_is_active,), asks=(REASON,), says="role.resumed",
         label=Words("恢复角色", "Resume")),
    step("revoke",  {RoleState.GRANTED, RoleState.SUSPENDED}, RoleState.REVOKED,
         (approver, regulator), asks=(REASON,), says="role.revoked",
         label=Words("撤销角色", "Revoke")),
)
# fmt: on


def request(work: Work, organisation_id: str, role: Role) -> OrganisationRole:
    """Ask for one more role, for the administrator of the organisation or the registrar.

    Raises NotFound, StepNotAllowed or Invalid (held or asked for already). One SELECT.
    """
    if not (runs(work.actor, organisation_id) or registrar.matches(work.actor, None)):
        raise StepNotAllowed(
            "只有本机构管理员或交易所可以申请角色", "this is for its administrator or the registrar"
        )
    if work.session.get(Organisation, organisation_id) is None:
        raise _missing(organisation_id)
    if role in {row.role for row in live(work.session, organisation_id)}:
        raise Invalid("该角色已申请", "this role has been asked for", pointer="/role")
    made = OrganisationRole(
        id=ids.new("rol_", work.now),
        organisation_id=organisation_id,
        role=role,
        state=RoleState.REQUESTED,
    )
    work.session.add(made)
    work.record("role.requested", made.id, organisation=organisation_id, role=role)
    return made


def live(session: Session, organisation_id: str) -> list[OrganisationRole]:
    """Return the roles of an organisation that are not revoked, by name. One SELECT."""
    statement = (
        select(OrganisationRole)
        .where(
            OrganisationRole.organisation_id == organisation_id,
            OrganisationRole.state != RoleState.REVOKED,
        )
        .order_by(OrganisationRole.role)
    )
    return list(session.scalars(statement))


def requested(work: Work, *, after: str | None, limit: int) -> Page[OrganisationRole]:
    """Return one page of the roles that wait for a decision, oldest first. One SELECT."""
    if not officiates(work.actor):
        raise StepNotAllowed("只有入驻审核岗可以查看", "this is for those who decide on it")
    statement = select(OrganisationRole).where(OrganisationRole.state == RoleState.REQUESTED)
    by = ((OrganisationRole.id, "asc"),)
    return keyset(work.session, statement, by=by, after=after, limit=limit)  # type: ignore[arg-type]  # a literal tuple


def find(session: Session, role_id: str) -> OrganisationRole:
    """Return the role. Raises NotFound. One SELECT by key."""
    found = session.get(OrganisationRole, role_id)
    if found is None:
        raise _missing(role_id)
    return found


def seen(work: Work, role_id: str) -> OrganisationRole:
    """Return the role for its organisation or an overseer. Raises NotFound. One SELECT."""
    found = find(work.session, role_id)
    if not reads(work.actor, found.organisation_id):
        raise _missing(role_id)
    return found


def take(work: Work, role_id: str, name: str, **data: Any) -> OrganisationRole:
    """Take one step in a role's life. Raises what `Workflow.take` raises."""
    found = seen(work, role_id)
    LIFE.take(name, found, work, **data)
    return found


def _missing(role_id: str) -> NotFound:
    return NotFound("没有这项角色", f"no role {role_id}")
