"""A sample (数据样例) for a product's page: some monthly aggregates, computed in the domain.

Also a sample is data that leaves, so it is decided like every use, in the name of the
one who was authorised, and what it takes is counted.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from catalogue import directories, resources
from delivery import domain, reads
from kernel.actor import Duty, its
from kernel.errors import StepNotAllowed
from kernel.work import Work
from licensing import authorisations, decisions, quotas
from licensing.exposures import OutputForm

grantee = its("grantee", "grantee_id", Duty.EDITOR, Duty.SUBMITTER, Duty.DATA_ENGINEER)


def make(
    work: Work, authorisation_id: str, resource_id: str, items: Sequence[str], *, data_dir: Path
) -> list[dict[str, Any]]:
    """Return up to 100 monthly aggregates of what was authorised; the grantee alone may.

    Raises NotFound, StepNotAllowed, Invalid, UseDenied (kept), NotMounted. About fifteen
    SELECTs on indexes.
    """
    found = authorisations.seen(work, authorisation_id)
    if not grantee.matches(work.actor, found):
        raise StepNotAllowed("仅被授权机构可以取样", "only the grantee may take a sample")
    resource = resources.find(work.session, resource_id)
    code = directories.find_directory(work.session, resource.directory_id).code
    regions = authorisations.scope_of(work.session, found).regions
    request = decisions.Request(
        authorisation_id=found.id,
        organisation_id=found.grantee_id,
        purpose_code=found.purpose_code,
        items=tuple((code, item) for item in items),
        transform=reads.TRANSFORM.value,
        output_form=OutputForm.AGGREGATE_REPORT.value,
        region=min(regions),
        environment=reads.ENVIRONMENT.value,
        quantity={reads.CALLS: 1, reads.ROWS: domain.SAMPLE_MAX},
        subject=resource.id,
    )
    decision = decisions.require(work, request)
    size = work.rules.number("delivery.group_size_min")
    rows = domain.sample(data_dir, resource.location, items=items, group_size_min=size)
    unused = domain.SAMPLE_MAX - len(rows)
    quotas.spend(work.session, found.id, {reads.ROWS: -unused}, at=work.now)
    work.record("sample.taken", resource.id, decision_id=decision.id, items=[*items])
    return rows
