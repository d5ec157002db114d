"""The door of providers' notices (支付通知): signed, kept, answered; worked out afterwards."""

from typing import Any

from flask import request
from marshmallow import fields

from app import doors, unit
from app.rails import calls
from kernel.errors import DomainError, Kind
from kernel.words import Words
from settlement.rails.port import BadNotice

blueprint = doors.noun("webhooks", "Webhooks · 支付通知")


class NoticeRefused(DomainError):
    """The notice is not signed by the provider for this exchange, or not of now."""

    kind = Kind.MALFORMED
    code = "notice-refused"
    title = Words("支付通知未通过验签", "The notice is not the provider's")


class ReceivedOut(doors.Schema):
    """That the notice is kept. new: it had not been kept before."""

    received = fields.Boolean()
    new = fields.Boolean()


# Open, because its sender signs in by the signature under each notice: nothing is read of a
# notice before that is verified, and nothing is done with it here but to keep it.
@blueprint.post("/<string:provider>")
@doors.alone
@blueprint.response(200, ReceivedOut)
def receive(provider: str) -> Any:
    """Take a provider's notice: verify its signature, keep it, answer."""
    try:
        new = calls.receive(unit.house(), provider, dict(request.headers), request.get_data())
    except BadNotice as bad:
        raise NoticeRefused("签名、时间或接收方不符", str(bad)) from bad
    return {"received": True, "new": new}
