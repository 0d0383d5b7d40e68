"""Questions to every analytics endpoint, made of routes and OpenAPI parameters: a new endpoint is asked without a word here."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from api.app import ROUTERS

PREFIX = "/api/analytics/"


def asked_by_get(
    places: Mapping[str, object], always: Mapping[str, object], searches: Mapping[str, object]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each GET with its parameters: as it is, and with each value of each of its parameters that has few.

    `places` fill paths, `always` is said wherever it is known, and `searches` what is required and whose values are not listed.
    Raises KeyError for a path parameter that `places` lacks.
    """
    document = openapi()
    for path, operations in document["paths"].items():
        if not path.startswith(PREFIX) or "get" not in operations:
            continue
        told = operations["get"].get("parameters", [])
        filled = path.format(**{part["name"]: places[part["name"]] for part in told if part["in"] == "path"})
        queried = {part["name"]: part for part in told if part["in"] == "query"}
        said = {name: value for name, value in always.items() if name in queried}
        said |= {
            name: next(iter(_few_values(part["schema"], document)), searches.get(name))
            for name, part in queried.items()
            if part.get("required")
        }
        yield filled, said
        for name, part in queried.items():
            for value in _few_values(part["schema"], document):
                yield filled, {**said, name: value}


def _few_values(schema: dict[str, Any], document: dict[str, Any]) -> list[Any]:
    """The values that a parameter can have, where they are listed."""
    if "$ref" in schema:
        return _few_values(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    found = list(schema.get("enum", [schema["const"]] if "const" in schema else []))
    for part in (*schema.get("anyOf", ()), schema.get("items", {})):
        found += _few_values(part, document) if part else []
    return found


def openapi() -> dict[str, Any]:
    """What the routes take, without an installation behind them."""
    bare = FastAPI()
    for router, _ in ROUTERS:
        bare.include_router(router)
    return bare.openapi()
