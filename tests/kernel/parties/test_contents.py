from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from kernel import journal
from kernel.errors import NotFound
from kernel.parties import contents, documents, organisations
from kernel.parties.contents import ContentBroken, DocumentContent
from tests.conftest import NOON, WorkAs
from tests.kernel.parties import entry


def _one(work_as: WorkAs) -> tuple[str, str]:
    """File one document; returns the organisation and the document."""
    made = entry.entered(work_as)
    paper = documents.file(
        entry.admin(work_as, made), made.id, doc_type="credit_report", name="信用.pdf",
        content=entry.PAPER,
    )  # fmt: skip
    work_as("system").session.flush()
    return made.id, paper.id


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n0", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
    ],
)
def test_a_file_is_told_by_what_it_begins_with(work_as: WorkAs, content: bytes, kind: str) -> None:
    assert contents.media_type(work_as("system"), content, pointer="/file") == kind


def test_what_is_kept_is_sealed_and_its_reading_is_on_record(work_as: WorkAs) -> None:
    organisation, paper = _one(work_as)
    work = work_as("per_exchange_compliance")

    found = documents.read(work, organisation, paper)
    work.session.flush()

    row = work.session.get(DocumentContent, paper)
    assert row is not None
    assert entry.PAPER not in row.sealed
    assert (found.name, found.content, found.media_type) == (
        "信用.pdf", entry.PAPER, "application/pdf",
    )  # fmt: skip
    told = journal.history(work.session, organisation, limit=50)[-1]
    assert (told.kind, told.data["document"]) == ("organisation.document_read", paper)
    assert contents.kept(work, organisation) == {paper}


def test_bytes_that_are_not_those_that_were_filed_are_not_handed_out(work_as: WorkAs) -> None:
    organisation, paper = _one(work_as)
    work = work_as("per_exchange_approver")
    work.session.execute(
        update(DocumentContent).values(sealed=work.crypto.seal(b"%PDF-forged", b"elsewhere"))
    )
    work.session.expire_all()

    with pytest.raises(ContentBroken):
        documents.read(work, organisation, paper)

    filed = documents.in_force(work.session, organisation)["credit_report"].digest
    bound = f"organisation document {paper} {filed}".encode()
    work.session.execute(
        update(DocumentContent).values(sealed=work.crypto.seal(b"%PDF-forged", bound))
    )
    work.session.expire_all()
    with pytest.raises(ContentBroken):
        documents.read(work, organisation, paper)


def test_a_document_of_which_only_the_digest_is_there_is_not_found(work_as: WorkAs) -> None:
    organisation, paper = _one(work_as)
    work = work_as("per_exchange_approver")
    work.session.execute(delete(DocumentContent))
    work.session.expire_all()

    for party, document in ((organisation, paper), ("org_buyer", paper), (organisation, "doc_x")):
        with pytest.raises(NotFound):
            documents.read(work, party, document)


def test_files_are_erased_ten_years_after_their_organisation_left(work_as: WorkAs) -> None:
    made = entry.submitted(work_as)
    work = work_as("per_exchange_approver")
    organisations.take(work, made.id, "reject", reason="不符合条件")
    work.session.flush()

    def left() -> int:
        return work.session.scalar(select(func.count()).select_from(DocumentContent)) or 0

    early = work_as("system", at=NOON + timedelta(days=3_650))
    late = work_as("system", at=NOON + timedelta(days=3_661))
    before = (contents.erase_due(early, limit=50), left())
    first = contents.erase_due(late, limit=3)
    rest = contents.erase_due(late, limit=50)
    late.session.flush()

    assert before == (0, len(entry.PAPERS))
    assert (first, rest, left()) == (3, len(entry.PAPERS) - 3, 0)
    assert len(documents.in_force(work.session, made.id)) == len(entry.PAPERS)


def test_files_of_those_who_take_part_are_kept(work_as: WorkAs) -> None:
    entry.admitted(work_as)

    late = work_as("system", at=NOON + timedelta(days=9_999))

    assert contents.erase_due(late, limit=50) == 0
