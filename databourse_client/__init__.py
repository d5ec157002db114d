"""The buyer's side of an exchange: from what was bought to a DataFrame, in two lines.

    import databourse_client as databourse
    frame = databourse.read("dlv_...")

Knows the exchange by its public HTTP interface alone, and nothing of its rooms.
"""

from typing import TYPE_CHECKING, Any

from databourse_client.clients import Client, connect
from databourse_client.troubles import (
    Damaged,
    NotInstalled,
    NotSignedIn,
    NotThere,
    Problem,
    Refused,
    Trouble,
    Unreachable,
)
from databourse_client.webhooks import verify

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Client",
    "Damaged",
    "NotInstalled",
    "NotSignedIn",
    "NotThere",
    "Problem",
    "Refused",
    "Trouble",
    "Unreachable",
    "connect",
    "read",
    "sample",
    "verify",
]


def read(what: str, **wishes: Any) -> "pd.DataFrame":
    """Read what was bought, as the profile says who reads. See `Client.read`."""
    return connect().read(what, **wishes)


def sample(product: str) -> "pd.DataFrame":
    """Read the free sample of a product. See `Client.sample`."""
    return connect().sample(product)
