import pytest
from sqlalchemy.orm import Session

from delivery import domain, samples
from kernel import journal
from kernel.errors import NotFound, StepNotAllowed
from licensing import authorisations, quotas
from licensing.authorisations import Authorisation
from licensing.decisions import UseDenied
from tests.catalogue import shelf
from tests.conftest import WorkAs, work_of
from tests.delivery import parcels

ITEMS = ("TEMP", "RAIN")


@pytest.fixture
def right(session: Session) -> Authorisation:
    return parcels.authorised(session, users=["org_developer"])


@pytest.fixture
def resource_id(session: Session, right: Authorisation) -> str:
    version = parcels.published(session)
    profile = domain.inspect(parcels.DATA, parcels.WEATHER)
    attached = shelf.attached(
        session, version.directory_id, location=parcels.WEATHER, profile=profile
    )
    session.flush()
    return attached.id


def test_a_sample_is_monthly_aggregates_counted_like_every_use(
    work_as: WorkAs, right: Authorisation, resource_id: str
) -> None:
    work = work_as("per_developer_editor")
    before = quotas.remaining(work.session, right.id)["rows"]

    rows = samples.make(work, right.id, resource_id, ITEMS, data_dir=parcels.DATA)
    work.session.flush()

    assert len(rows) == 100
    assert set(rows[0]) == {"station", "date", "item", "count", "min", "mean", "max", "sum"}
    assert quotas.remaining(work.session, right.id)["rows"] == before - len(rows)
    kinds = [event.kind for event in journal.history(work.session, resource_id, limit=10)]
    assert kinds[-1] == "sample.taken"


def test_a_sample_of_what_is_not_authorised_is_denied(
    work_as: WorkAs, right: Authorisation, resource_id: str
) -> None:
    with pytest.raises(UseDenied) as caught:
        samples.make(
            work_as("per_developer_editor"), right.id, resource_id, ("PRES",),
            data_dir=parcels.DATA,
        )  # fmt: skip

    assert [refusal.code for refusal in caught.value.refusals] == ["ITEM_OUT_OF_SCOPE"]


def test_a_suspended_right_gives_no_sample(
    session: Session, work_as: WorkAs, right: Authorisation, resource_id: str
) -> None:
    authorisations.take(
        work_of(session, "per_hub_supervisor"),
        right.id,
        "suspend",
        cause="security_incident",
        reason="leak",
    )

    with pytest.raises(UseDenied):
        samples.make(
            work_as("per_developer_editor"), right.id, resource_id, ITEMS, data_dir=parcels.DATA
        )


def test_only_the_grantee_takes_a_sample(
    work_as: WorkAs, right: Authorisation, resource_id: str
) -> None:
    with pytest.raises(StepNotAllowed):
        samples.make(
            work_as("per_operator_editor"), right.id, resource_id, ITEMS, data_dir=parcels.DATA
        )
    with pytest.raises(NotFound):
        samples.make(
            work_as("per_other_editor"), right.id, resource_id, ITEMS, data_dir=parcels.DATA
        )
