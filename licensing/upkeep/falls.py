"""What the house does to authorisations when something under them falls: witnesses of events.

Each is called in the transaction of the event itself, so that nobody ever sees the one
without the other (I-33, I-44, I-74).
"""

from catalogue import directories, registrations
from kernel.journal import Event
from kernel.work import Work
from licensing import authorisations, scenarios
from licensing.upkeep import cascades, idleness, reviews


def promise_broken(work: Work, event: Event) -> None:
    """After "commitment.broken": what was issued on the promise is suspended.

    What has only been announced is not: the announcement is taken back.
    """
    scenarios.promise_broken(work, event.data["scenario_id"], event.data["material"])
    found = authorisations.live_of(work.session, event.data["scenario_id"])
    if found is not None:
        reason = "承诺逾期未履行 a commitment was not met in time"
        authorisations.LIFE.take("break_promise", found, work, reason=reason)


def promise_met(work: Work, event: Event) -> None:
    """After "commitment.met": the whole right, once the last promise is kept."""
    found = authorisations.live_of(work.session, event.data["scenario_id"])
    if found is not None and not authorisations.LIFE.refusals("fulfil", found, work):
        authorisations.LIFE.take("fulfil", found, work)


def directory_regraded(work: Work, event: Event) -> None:
    """After "directory.regraded": what it goes beyond is suspended."""
    cascades.hold_regraded(work, event.data["directory_code"], event.data)


def directory_suspended(work: Work, event: Event) -> None:
    """After "directory.suspended": everything with an item of it is suspended."""
    code = event.data["directory_code"]
    reason = f"目录 {code} 已暂停 directory {code} is suspended"
    cascades.hold(work, "directory_suspended", reason, directory_code=code)


def directory_revoked(work: Work, event: Event) -> None:
    """After "directory.revoked": the same, if whoever revoked it knew what would fall."""
    code = event.data["directory_code"]
    cascades.require_confirmed(work.session, code, confirmed=bool(event.data.get("confirmed")))
    reason = f"目录 {code} 已撤销 directory {code} is revoked"
    cascades.hold(work, "directory_revoked", reason, directory_code=code)


def registration_ended(work: Work, event: Event) -> None:
    """After "registration.expired" or "registration.deregistered": its directory bears nothing.

    Unless another registration of the directory has come into force meanwhile.
    """
    found = registrations.find(work.session, event.subject)
    if registrations.live(work.session, found.directory_id) is not None:
        return
    code = directories.find_directory(work.session, found.directory_id).code
    reason = f"目录 {code} 登记失效 directory {code} is not registered any more"
    cascades.hold(work, "registration_lapsed", reason, directory_code=code)


def agreement_fallen(work: Work, event: Event) -> None:
    """After the suspension or the end of a supply agreement: what it supplies is suspended."""
    reason = "供数协议不再有效 a supply agreement is not effective any more"
    cascades.hold(work, "agreement_suspended", reason, agreement_id=event.subject)


def directory_withheld(work: Work, event: Event) -> None:
    """After "agreement.directory_suspended": what the agreement supplies of it is suspended."""
    code = event.data["directory_code"]
    reason = f"供数协议暂停供应目录 {code} directory {code} is withheld from an agreement"
    cascades.hold(
        work, "agreement_suspended", reason, agreement_id=event.subject, directory_code=code
    )


def operation_fallen(work: Work, event: Event) -> None:
    """After the suspension or the end of an operation agreement: the same for all under it."""
    reason = "授权运营协议不再有效 an operation agreement is not effective any more"
    cascades.hold(work, "agreement_suspended", reason, operation_agreement_id=event.subject)


def organisation_fallen(work: Work, event: Event) -> None:
    """After an organisation is restricted or frozen: what it holds or operates is suspended."""
    reason = "机构被限制或冻结 an organisation is restricted or frozen"
    cascades.hold(work, "grantee_restricted", reason, organisation_id=event.subject)


def authorisation_ended(work: Work, event: Event) -> None:
    """After the end of an authorisation: nothing is reviewed or noticed of it any more."""
    reviews.drop_for(work, event.subject)
    idleness.lift_for(work, event.subject)
