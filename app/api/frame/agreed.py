"""What the doors of both kinds of agreement have alike: texts, terms, amendments, the letter."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from marshmallow import Schema, fields

from app import doors, unit
from app.doors import Noun, Show
from kernel.work import Work
from licensing import signatures
from licensing.agreed.rows import Agreed, Edition
from licensing.frame import editions
from licensing.signatures import Signature


class LetterIn(doors.Body):
    """The confidentiality letter. digest: its SHA-256 or SM3, in hexadecimal digits."""

    digest = doors.text(max=64)


class SignatureOut(Schema):
    """One signature under an agreement."""

    organisation_id = fields.String()
    person_id = fields.String()
    at = fields.String()
    text_digest = fields.String()
    alg = fields.String()
    key_id = fields.String()
    value = fields.String()


class EditionOut(Schema):
    """One text of an agreement that was or is in force."""

    number = fields.Integer()
    since = fields.String()
    text_digest = fields.String()
    signed_as = fields.String()
    note = fields.String()
    body = fields.Dict()


@dataclass(frozen=True, slots=True)
class Forms:
    """What one kind of agreement is spoken of in: its terms, a change of them, what is shown."""

    terms: type[Schema]
    amendment: type[Schema]
    shown: type[Schema]
    show: Show


def agreed(found: Agreed, work: Work) -> Mapping[str, Any]:
    """Return what is shown of an agreement of either kind besides its row."""
    # What it was decided on internally is the parties' own.
    decision = {key: value for key, value in (found.decision or {}).items() if key != "terms"}
    names = ("scope", "scope_hash", "elements", "revenue", "final_digest", "proposal",
             "letter_digest", "handover")  # fmt: skip
    return {
        **{name: getattr(found, name) for name in names},
        "decision": decision or None,
        "signatures": [_signed(one) for one in signatures.of(work.session, found.id)],
    }


def written(work: Work, made: Any, show: Show) -> Mapping[str, Any]:
    """Show what was just written, with the version that will be stored."""
    work.session.flush()  # the version is the database's
    return show(made, work)


def doors_of(blueprint: Noun, module: ModuleType, forms: Forms) -> None:
    """Open what both kinds of agreement are spoken to by: texts, terms, amendments, letter."""
    _texts(blueprint, module)
    _terms(blueprint, module, forms)
    _amendments(blueprint, module, forms)
    _letter(blueprint, module, forms)


def _texts(blueprint: Noun, module: ModuleType) -> None:
    @blueprint.get("/<string:subject_id>/editions")
    @doors.members()
    @blueprint.response(200, EditionOut(many=True))
    def all_editions(subject_id: str) -> Any:
        """List the texts of an agreement that were in force, latest first."""
        work = unit.current()
        found = module.seen(work, subject_id)
        return [_edition(each) for each in editions.editions(work, found.id)]


def _terms(blueprint: Noun, module: ModuleType, forms: Forms) -> None:
    @blueprint.post("/<string:subject_id>/terms")
    @doors.versioned
    @doors.members("write")
    @blueprint.arguments(forms.terms)
    @blueprint.response(200, forms.shown)
    def change(body: dict[str, Any], subject_id: str) -> Any:
        """Rewrite the terms before they are final."""
        work = unit.current()
        doors.matched(module.seen(work, subject_id))
        return written(work, module.change(work, subject_id, **body), forms.show)


def _amendments(blueprint: Noun, module: ModuleType, forms: Forms) -> None:
    @blueprint.post("/<string:subject_id>/amendments")
    @doors.versioned
    @doors.members("write")
    @blueprint.arguments(forms.amendment)
    @blueprint.response(200, forms.shown)
    def amend(body: dict[str, Any], subject_id: str) -> Any:
        """Propose other terms; both sign them, and till then the old ones hold."""
        work = unit.current()
        doors.matched(module.seen(work, subject_id))
        terms = body["terms"]
        found = module.amend(work, subject_id, reason=body["reason"], terms_as_they_will_be=terms)
        return written(work, found, forms.show)


def _letter(blueprint: Noun, module: ModuleType, forms: Forms) -> None:
    @blueprint.post("/<string:subject_id>/letter")
    @doors.versioned
    @doors.members("write")
    @blueprint.arguments(LetterIn)
    @blueprint.response(200, forms.shown)
    def letter(body: dict[str, Any], subject_id: str) -> Any:
        """Give the operator's confidentiality letter (保密承诺书), by its digest."""
        work = unit.current()
        doors.matched(module.seen(work, subject_id))
        return written(work, module.give_letter(work, subject_id, **body), forms.show)


def _signed(signature: Signature) -> Mapping[str, Any]:
    names = ("organisation_id", "person_id", "text_digest", "alg", "key_id", "value")
    shown = {name: getattr(signature, name) for name in names}
    return {**shown, "at": doors.moment(signature.at)}


def _edition(found: Edition) -> Mapping[str, Any]:
    names = ("number", "text_digest", "signed_as", "note", "body")
    return {**{name: getattr(found, name) for name in names}, "since": doors.moment(found.since)}
