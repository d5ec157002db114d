"""Who reaches an organisation's file: its own administrators, and those who oversee it."""

from kernel.actor import Actor, Duty, Role, any_of

registrar = any_of(Role.EXCHANGE_OPERATOR, Duty.COMPLIANCE_OFFICER)
approver = any_of(Role.EXCHANGE_OPERATOR, Duty.APPROVER)
regulator = any_of(Role.DATA_AUTHORITY, Duty.SUPERVISOR)
teller = any_of(Role.EXCHANGE_OPERATOR, Duty.SETTLEMENT_OFFICER)
_auditor = any_of(Role.EXCHANGE_OPERATOR, Duty.AUDITOR)
_house = any_of(Role.SYSTEM)


def runs(actor: Actor, organisation_id: str) -> bool:
    """Tell whether the actor administers this organisation."""
    return actor.organisation == organisation_id and Duty.ORG_ADMIN in actor.duties


def officiates(actor: Actor) -> bool:
    """Tell whether the actor decides on organisations: the registrar, the approver, the house."""
    return any(who.matches(actor, None) for who in (registrar, approver, regulator, _house))


def reads(actor: Actor, organisation_id: str) -> bool:
    """Tell whether the actor may read this organisation's admission file."""
    return (
        runs(actor, organisation_id)
        or officiates(actor)
        or any(who.matches(actor, None) for who in (_auditor, teller))
    )
