"""Official numbers of licensing documents: kind, region, year, and a number without gaps."""

from kernel import numbers
from kernel.clock import local_date
from kernel.parties import organisations
from kernel.work import Work


def official(work: Work, kind: str, organisation_id: str) -> str:
    """Return the next number of `kind` ("AU") in an organisation's region and this year.

    Form: AU-430000-2026-0001, with GB/T 2260 region, year in Asia/Shanghai, and at least
    four digits. Three SELECTs; locks the series until the transaction ends.
    """
    region = organisations.find(work.session, organisation_id).region
    series = f"{kind}-{region}-{local_date(work.now).year}"
    return f"{series}-{numbers.following(work.session, series):04}"
