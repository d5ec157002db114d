"""A certificate as a policy (ODRL 2.2 Agreement) that connectors of data spaces can read.

One permission with everything that limits it, for all items; what must be done, and what
may not. What ODRL has no word for is in a profile of the exchange's own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"
PROFILE: Final = "/.well-known/odrl-profile"

_SHANGHAI: Final = "+08:00"
_DATE_TIME: Final = "http://www.w3.org/2001/XMLSchema#dateTime"
_DUTIES: Final = {"destroy": "delete", "report": "inform", "log": "inform"}
_PROHIBITIONS: Final = {"transfer_raw": "distribute", "reauthorise": "grantUse"}


def agreement(body: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return the body of a certificate as an ODRL Agreement, as JSON-LD without its context.

    address: where this exchange is found; the profile and the ids stand below it.
    """
    own = f"{address}{PROFILE}#"
    parties = {
        "assigner": [_party(one) for one in body["departments"]] or [_party(body["grantor"])],
        "assignee": _party(body["grantee"]),
    }
    uid = f"{address}/certificates/{body['cert_no']}?version={body['version']}"
    return {
        "@type": "Agreement",
        "uid": uid,
        "profile": f"{address}{PROFILE}",
        **parties,
        "permission": [
            {
                "target": _target(body, own),
                "action": "use",
                "constraint": _constraints(body, own),
                "duty": [{"action": action} for action in _unique(body["obligations"], _DUTIES)],
            }
        ],
        "prohibition": [
            {"target": {"@id": uid}, "action": action}
            for action in _unique(body["prohibitions"], _PROHIBITIONS)
        ],
    }


def document(body: Mapping[str, Any], address: str) -> dict[str, Any]:
    """Return the agreement as a JSON-LD document of its own."""
    context = [CONTEXT, {"dx": f"{address}{PROFILE}#"}]
    return {"@context": context, **agreement(body, address)}


def profile(address: str) -> dict[str, Any]:
    """Return the terms that this exchange adds to ODRL, each with its meaning."""
    return {
        "@context": {
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
            "odrl": "http://www.w3.org/ns/odrl/2/",
        },
        "@id": f"{address}{PROFILE}",
        "@type": "odrl:Profile",
        "@graph": [
            {"@id": f"#{name}", "@type": "odrl:LeftOperand", "rdfs:comment": meaning}
            for name, meaning in _OPERANDS.items()
        ],
    }


_OPERANDS: Final = {
    "outputForm": "the form in which results leave the domain",
    "environment": "where the data may be processed",
    "meter": "what a count counts: rows, calls or another unit, in its window",
}


def _target(body: Mapping[str, Any], own: str) -> list[dict[str, Any]]:
    return [
        {
            "@type": "Asset",
            "uid": f"urn:databourse:{entry['directory']}:{entry['item']}",
            f"{own}transform": entry["transform"],
        }
        for entry in body["items"]
    ]


def _constraints(body: Mapping[str, Any], own: str) -> list[dict[str, Any]]:
    counts = [
        {
            **_limit("count", "lteq", quota["limit"]),
            "unit": f"{own}{quota['meter']}" + (f"-{quota['period']}" if quota["period"] else ""),
        }
        for quota in body["quotas"]
    ]
    return [
        # One scenario is one purpose: the same purpose of another scenario is another one.
        _limit("purpose", "eq", body["scenario_id"]),
        _moment("gteq", f"{body['valid_from']}T00:00:00{_SHANGHAI}"),
        _moment("lteq", f"{body['valid_to']}T23:59:59{_SHANGHAI}"),
        *counts,
        _limit("spatial", "isAnyOf", list(body["regions"])),
        _limit("recipient", "isAnyOf", list(body["users"])),
        _limit(f"{own}outputForm", "isAnyOf", list(body["output_forms"])),
        _limit(f"{own}environment", "isAnyOf", list(body["environments"])),
    ]


def _limit(operand: str, operator: str, value: object) -> dict[str, Any]:
    return {"leftOperand": operand, "operator": operator, "rightOperand": value}


def _moment(operator: str, value: str) -> dict[str, Any]:
    return _limit("dateTime", operator, {"@value": value, "@type": _DATE_TIME})


def _party(one: Mapping[str, str]) -> str:
    return f"urn:uscc:{one['uscc']}"


def _unique(words: Sequence[str], table: Mapping[str, str]) -> list[str]:
    return sorted({table[word] for word in words if word in table})
