"""What the framework documents, without its noise and with clean names."""

import re
from collections.abc import Mapping
from typing import Any

REF = "#/components/schemas/"
# `Envelope[UserResponse]`, as the framework titles a generic schema
_GENERIC = re.compile(r"(?P<wrapper>\w+)\[(?P<content>\w+)\]")
_WRAPPERS = {"Envelope": "Envelope", "PageEnvelope": "Page"}
_DEFAULTS = {"deprecated": False, "allowEmptyValue": False, "allowReserved": False, "required": []}


def tidy(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy whose schemas have clean names and which leaves out what has no effect."""
    schemas = document["components"]["schemas"]
    names = {name: _clean(schema.get("title", name)) for name, schema in schemas.items()}
    if len(set(names.values())) < len(names):
        raise ValueError(f"two schemas get the same name: {sorted(names.values())}")
    tidied: dict[str, Any] = _tidied(document, names)
    tidied["components"]["schemas"] = {
        names[name]: _tidied(schemas[name], names) for name in sorted(schemas, key=names.__getitem__)
    }
    for schema in tidied["components"]["schemas"].values():
        schema.pop("title", None)
    return tidied


def _clean(title: str) -> str:
    """`User` for `UserResponse`, `UserEnvelope` for `Envelope[UserResponse]`."""
    if match := _GENERIC.fullmatch(title):
        return match["content"].removesuffix("Response") + _WRAPPERS[match["wrapper"]]
    return title.removesuffix("Response")


def _tidied(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_tidied(each, names) for each in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Any] = {
        key: REF + names[value.removeprefix(REF)] if key == "$ref" else _tidied(value, names)
        for key, value in node.items()
        if key not in _DEFAULTS or value != _DEFAULTS[key]
    }
    # A choice of one is not a choice. A reference stays in it if it has a description beside it.
    for choice in ("oneOf", "allOf"):
        if isinstance(kept.get(choice), list) and len(kept[choice]) == 1 and "$ref" not in kept[choice][0]:
            kept.update(kept.pop(choice)[0])
    return kept
