"""The service's OpenAPI as a page to read, without a program that would have to be loaded for it.

In: the document. Out: Markdown: what may be asked, by who may ask it, and each message with its example. Next is
`hanse.cli.reference`, which writes it. It must not say more than the document does.
"""

import json
from collections.abc import Collection, Iterator
from http import HTTPStatus
from typing import Any

from hanse.api import openapi

Document = dict[str, Any]
_JSON = "application/json"


def page(document: Document) -> str:
    """Return the page."""
    parts = [f"# The API service\n\n{document['info']['description'].strip()}\n"]
    parts += [f"The document itself is served at `{openapi.PATH}`.\n"]
    for tag in document["tags"]:
        asked = [section for name, section in _operations(document) if name == tag["name"]]
        if asked:
            parts += [f"## {tag['name'].capitalize()}\n\n{tag['description']}\n", *asked]
    parts += ["## Messages\n"]
    schemas = document["components"]["schemas"]
    parts += [_message(name, schemas[name]) for name in sorted(schemas)]
    return "\n".join(parts)


def _operations(document: Document) -> Iterator[tuple[str, str]]:
    """Yield each operation's tag and section."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield operation["tags"][0], _operation(f"{method.upper()} {path}", operation)


def _operation(title: str, operation: Document) -> str:
    text = f"### `{title}`\n\n{operation.get('description') or operation['summary']}\n"
    sent = operation.get("requestBody", {}).get("content", {}).get(_JSON, {}).get("schema")
    if sent:
        text += f"\nSent: {_type(sent)}.\n"
    answers = {int(status): each for status, each in operation["responses"].items()}
    good = [each for status, each in answers.items() if status < HTTPStatus.BAD_REQUEST]
    content: Document = next((each["content"] for each in good if "content" in each), {})
    if content:
        kind, schema = next(iter(content.items()))
        text += f"\nAnswered: {_type(schema.get('schema', {})) if kind == _JSON else f'`{kind}`'}.\n"
    rows = [_parameter(each) for each in operation.get("parameters", ())]
    return text + ("\n| in | name | type | says |\n| --- | --- | --- | --- |\n" + "".join(rows) if rows else "")


def _parameter(each: Document) -> str:
    says = each.get("description", "") + (" Required." if each.get("required") else "")
    return f"| {each['in']} | `{each['name']}` | {_type(each['schema'])} | {says.strip()} |\n"


def _message(name: str, schema: Document) -> str:
    text = f"### {name}\n"
    if schema.get("description"):
        text += f"\n{schema['description'].strip()}\n"
    needed = schema.get("required", ())
    rows = [_field(field, each, needed) for field, each in schema.get("properties", {}).items()]
    if rows:
        text += "\n| field | type | always | says |\n| --- | --- | --- | --- |\n" + "".join(rows)
    elif "enum" in schema:
        text += f"\nOne of {', '.join(f'`{each}`' for each in schema['enum'])}.\n"
    for example in schema.get("examples", ()):
        text += f"\n```json\n{json.dumps(example, indent=2)}\n```\n"
    return text


def _field(name: str, each: Document, needed: Collection[str]) -> str:
    says = " ".join(each.get("description", "").split()).replace("|", "\\|")
    return f"| `{name}` | {_type(each)} | {'yes' if name in needed else ''} | {says} |\n"


def _type(schema: Document) -> str:
    """Return what a value is; a message's name leads to it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if choices:
        return " or ".join(_type(each) for each in choices)
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_type(schema['additionalProperties'])}"
    return kind
