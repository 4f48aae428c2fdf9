"""The reference: one Markdown page a kind, from its schema, and an index."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanse.resources.crds import CATEGORY, root_schema
from hanse.resources.kinds import KINDS
from hanse.resources.model import API_VERSION, Resource
from hanse.resources.placement import Placement
from hanse.resources.policies import POLICIES
from hanse.resources.rules import VALIDATIONS
from hanse.resources.training_job import TrainingJob
from hanse.resources.training_job_status import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOTE = "<!-- Generated from resources/ by `make crds`: change the models, not this file. -->\n"
_FORBIDDEN = "Not allowed: "
_RANGES = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " entries"),
    ("minProperties", "maxProperties", " entries"),
)
_DURATION_BOUNDS = re.compile("not a duration (between [^:]+):")
_TEMPLATE_ELSEWHERE = {"type": "object", "description": "What each worker runs: see [TrainingJob](trainingjob.md)."}


@dataclass(frozen=True)
class _Field:
    path: str
    schema: dict[str, Any]
    required: bool

    @property
    def forbidden(self) -> bool:
        return str(self.schema.get("description", "")).startswith(_FORBIDDEN)


def pages(examples: Path) -> dict[str, str]:
    """Return the text of each page by its name."""
    index = {"README.md": _index()}
    return index | {f"{kind.__name__.lower()}.md": _page(kind, examples) for kind in KINDS}


def _index() -> str:
    rows = [
        f"| [{kind.__name__}]({kind.__name__.lower()}.md) | `{kind.definition.short_name}` | {kind.definition.scope} |"
        f" {_cell(root_schema(kind)['description'])} |"
        for kind in KINDS
    ]
    policies = [f"| `{policy.name}` | {_cell(policy.why)} |" for policy in POLICIES]
    return "\n".join(
        [
            _NOTE,
            f"# Reference: the API {API_VERSION}\n",
            f"`kubectl get {CATEGORY}` lists objects of all kinds; `kubectl explain` says what is said here.\n",
            "| kind | short | scope | says |",
            "| --- | --- | --- | --- |",
            *rows,
            "\n## Policies\n",
            "What depends on the user or the namespace is checked by ValidatingAdmissionPolicies. Whether somebody may",
            "use a tier, a cluster or a member is the RBAC verb `use` on `prioritytiers`, `memberclusters` or",
            "`members`.\n",
            "| policy | keeps |",
            "| --- | --- |",
            *policies,
            "",
        ]
    )


def _page(kind: type[Resource], examples: Path) -> str:
    schema = root_schema(kind)
    if kind is Placement:
        # The template is described once, on the page of TrainingJob.
        schema["properties"]["spec"]["properties"]["template"] = _TEMPLATE_ELSEWHERE
    spec = list(_fields(schema["properties"]["spec"], ""))
    sections = [
        _NOTE,
        f"# {kind.__name__}\n",
        schema["description"] + "\n",
        _names(kind),
        "## Example\n",
        f"```yaml\n{(examples / f'{kind.__name__.lower()}.yaml').read_text('utf-8').rstrip()}\n```\n",
        "## Spec\n",
        _table([field for field in spec if not field.forbidden]),
        *_forbidden([field for field in spec if field.forbidden]),
        "## Rules\n",
        "What the API server refuses, beside the bounds above, with the sentence that it answers.\n",
        _rules(schema),
        "## Status\n",
        _table(list(_fields(schema["properties"]["status"], ""))),
        f"Conditions: {', '.join(f'`{name}`' for name in kind.definition.conditions)}.\n",
        *_reasons(kind),
    ]
    return "\n".join(sections)


def _names(kind: type[Resource]) -> str:
    definition = kind.definition
    columns = ", ".join(column.name for column in definition.columns if not column.wide)
    wide = ", ".join(column.name for column in definition.columns if column.wide)
    return (
        f"`kubectl get {definition.short_name}` ({definition.plural}, {definition.scope.lower()}) shows {columns}"
        + (f"; with `-o wide` also {wide}" if wide else "")
        + ".\n"
    )


def _reasons(kind: type[Resource]) -> list[str]:
    if kind is not TrainingJob:
        return []
    rows = [f"| `{reason}` | {_cell(reason.meaning)} |" for reason in Reason]
    return ["## Reasons\n", "| reason | the job does not run because |", "| --- | --- |", *rows, ""]


def _fields(schema: dict[str, Any], prefix: str) -> Iterator[_Field]:
    """Walk the fields in the order of the model; what is below a forbidden field is of no interest."""
    required = schema.get("required", [])
    for name, inner in schema.get("properties", {}).items():
        field = _Field(f"{prefix}{name}", inner, name in required)
        yield field
        if not field.forbidden:
            below, suffix = (inner["items"], "[]") if inner.get("type") == "array" else (inner, "")
            yield from _fields(below, f"{field.path}{suffix}.")


def _table(fields: list[_Field]) -> str:
    rows = [
        f"| `{field.path}` | {_type(field.schema)} | {_default(field)} | {_bounds(field.schema)} |"
        f" {_cell(field.schema.get('description', ''))} |"
        for field in fields
    ]
    return "\n".join(["| field | type | default | bounds | meaning |", "| --- | --- | --- | --- | --- |", *rows, ""])


def _forbidden(fields: list[_Field]) -> list[str]:
    if not fields:
        return []
    rows = [f"| `{field.path}` | {_cell(field.schema['description'].removeprefix(_FORBIDDEN))} |" for field in fields]
    return ["### Not allowed in the template\n", "| field | instead |", "| --- | --- |", *rows, ""]


def _type(schema: dict[str, Any]) -> str:
    if "x-kubernetes-int-or-string" in schema:
        return "quantity"
    if _duration_bounds(schema):
        return "duration"
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    if "additionalProperties" in schema:
        return f"map of {_type(schema['additionalProperties'])}"
    return "time" if schema.get("format") == "date-time" else str(schema["type"])


def _default(field: _Field) -> str:
    if field.required:
        return "required"
    value = field.schema.get("default")
    # An object or list is empty by default, or has the defaults of the fields below.
    if value in (None, "") or isinstance(value, (dict, list)):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _duration_bounds(schema: dict[str, Any]) -> str | None:
    """Return the bounds of a duration, which stand in its one rule; None for anything else."""
    sentences = [rule["message"] for rule in schema.get(VALIDATIONS, [])]
    found = [match[1] for match in map(_DURATION_BOUNDS.search, sentences) if match]
    return found[0] if found else None


def _bounds(schema: dict[str, Any]) -> str:
    inner = schema.get("items") or schema.get("additionalProperties") or {}
    values = ", ".join(f"`{value}`" for value in schema.get("enum") or inner.get("enum") or ())
    ranges = [_range(schema.get(low), schema.get(high), unit) for low, high, unit in _RANGES]
    multiple = f"a multiple of {schema['multipleOf']}" if "multipleOf" in schema else ""
    duration = _duration_bounds(schema)
    return _cell(duration or "; ".join(filter(None, [values, *ranges, multiple])))


def _range(low: int | None, high: int | None, unit: str) -> str:
    if high is None:
        return "" if low is None else f"at least {low}{unit}"
    return f"at most {high}{unit}" if low is None else f"{low} to {high}{unit}"


def _rules(schema: dict[str, Any]) -> str:
    """One row a sentence: many fields are names or durations, or cannot change."""
    paths_by_sentence: dict[str, list[str]] = {}
    for path, message in _sentences(schema, ""):
        leaf = path.rpartition(".")[2]
        sentence = message.replace(f"{leaf} cannot change", "FIELD cannot change", 1)
        paths_by_sentence.setdefault(sentence, []).append(path or "the object")
    rows = [
        f"| {_cell(sentence)} | {', '.join(f'`{path}`' for path in dict.fromkeys(paths))} |"
        for sentence, paths in paths_by_sentence.items()
    ]
    return "\n".join(["| sentence | fields |", "| --- | --- |", *rows, ""])


def _sentences(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield path and sentence of each rule, except those that only say that a field is not allowed."""
    for rule in schema.get(VALIDATIONS, []):
        if " is not allowed here: " not in rule["message"]:
            yield path + rule.get("fieldPath", ""), rule["message"]
    for name, inner in schema.get("properties", {}).items():
        yield from _sentences(inner, f"{path}.{name}".lstrip("."))
    for key, suffix in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(key), dict):
            yield from _sentences(schema[key], path + suffix)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
