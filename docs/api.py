"""Make docs/api.md from the description of the API that the server gives at /openapi.json.

`python docs/api.py` writes it; `--check` writes nothing, and says by its exit code whether it is current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdtodo.serve.http.queries import FILTERS, MORE_FILTERS
from mdtodo.serve.openapi.document import document

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parent / "api.md"

_HEAD = """\
# The API

{description}

`mdtodo serve` gives this description in OpenAPI 3.1 at `/openapi.json`, and this page is made from it. How the server
is started, and who may what, is in [Serve](serve.md).

A refusal is `application/problem+json` (RFC 9457): `status`, `title`, and in
`detail` the sentence that the command line would print.
"""


def page() -> str:
    """The page as it should be."""
    told = document()
    lines = [_HEAD.format(description=told["info"]["description"])]
    lines += _overview(told["paths"])
    lines += ["", "## Routes"]
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                shared = methods.get("parameters", [])
                lines += _operation(path, method, operation, shared, told["components"]["responses"])
    lines += ["", "## Filters", "", "As those of `mdtodo list`.", ""]
    filters = [one for one in told["paths"]["/api/v1/tasks"]["get"]["parameters"] if _is_filter(one)]
    lines += _parameters(filters)
    lines += ["", "## Objects"]
    for name, schema in told["components"]["schemas"].items():
        lines += _object(name, schema)
    return "\n".join(lines) + "\n"


def _overview(paths: dict[str, Any]) -> Iterator[str]:
    yield "| route | does |"
    yield "| --- | --- |"
    for path, methods in paths.items():
        for method, operation in methods.items():
            if method != "parameters":
                yield f"| `{method.upper()} {path}` | {operation['summary']} |"


def _operation(
    path: str, method: str, operation: dict[str, Any], shared: list[dict[str, Any]], known: dict[str, Any]
) -> Iterator[str]:
    yield from ("", f"### `{method.upper()} {path}`", "", operation["summary"])
    if "security" in operation:
        yield from ("", "Needs a token.")
    named = [*shared, *operation["parameters"]]
    if named:
        yield ""
        yield from _parameters([one for one in named if not _is_filter(one)])
    if any(map(_is_filter, named)):
        yield from ("", "And the [filters](#filters).")
    body = operation.get("requestBody")
    if body:
        schema = body["content"]["application/json"]["schema"]
        needed = "" if body["required"] else " It may be left out."
        yield from ("", f"The body is JSON.{needed}", "", *_fields(schema))
    yield ""
    yield from ("| answer | |", "| --- | --- |")
    for code, answer in operation["responses"].items():
        if "$ref" in answer:
            yield f"| {code} | {known[code]['description']} |"
        else:
            yield f"| {code} | {_content(answer)} |"


def _is_filter(parameter: dict[str, Any]) -> bool:
    return parameter["name"] in (*FILTERS, *MORE_FILTERS)


def _parameters(those: list[dict[str, Any]]) -> Iterator[str]:
    yield from ("| parameter | in | values | |", "| --- | --- | --- | --- |")
    for one in those:
        yield f"| `{one['name']}` | {one['in']} | {_type(one['schema'])} | {one.get('description', '')} |"


def _content(answer: dict[str, Any]) -> str:
    kinds = [
        _type(one["schema"]) if kind == "application/json" else f"`{kind}`"
        for kind, one in answer.get("content", {}).items()
    ]
    return ", or ".join(kinds) or answer["description"]


def _object(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from ("", f"### {name}")
    if "description" in schema:
        yield from ("", schema["description"])
    if "properties" in schema:
        yield from ("", *_fields(schema))
    else:
        yield from ("", f"{_type(schema)}.")
    if schema.get("additionalProperties", True) is True and "properties" in schema:
        yield from ("", "Others may come.")


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    yield from ("| field | type | |", "| --- | --- | --- |")
    for name, one in schema["properties"].items():
        optional = "" if name in schema["required"] else " May be left out."
        yield f"| `{name}` | {_type(one)} | {one.get('description', '')}{optional} |"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.casefold()})"
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_type(schema['items'])}"
    if kind == "object" and isinstance(more := schema.get("additionalProperties"), dict):
        return f"by name, {_type(more)}"
    if kind == "object" and "properties" in schema:
        return "object of " + ", ".join(f"`{one}`" for one in schema["properties"])
    return schema.get("format", kind)


def main(*, check: bool) -> int:
    """0 if the page is current or was written, 1 if it is not."""
    wanted = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    if check:
        sys.stderr.write(f"{PAGE.name} is not current: run `python docs/api.py`\n")
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
