"""The CustomResourceDefinition of each kind, as plain data."""

from __future__ import annotations

from typing import Any

from hanse.resources.model import GROUP, VERSION, Column, Resource
from hanse.resources.rules import VALIDATIONS
from hanse.resources.schema import structural_schema

CATEGORY = "hanse"
_BUILT_IN = {
    "apiVersion": {"type": "string", "description": "Group and version of the API: hanse.dev/v1alpha1."},
    "kind": {"type": "string", "description": "The kind of the object."},
    # The API server has a schema of its own for it, and allows no description here.
    "metadata": {"type": "object"},
}


def crd(resource: type[Resource]) -> dict[str, Any]:
    """Return the CustomResourceDefinition of a kind."""
    definition = resource.definition
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{definition.plural}.{GROUP}",
            # Deleting a CRD deletes all its objects: `helm uninstall` must not do that.
            "annotations": {"helm.sh/resource-policy": "keep"},
        },
        "spec": {
            "group": GROUP,
            "names": {
                "kind": resource.__name__,
                "listKind": f"{resource.__name__}List",
                "plural": definition.plural,
                "singular": resource.__name__.lower(),
                "shortNames": [definition.short_name],
                "categories": [CATEGORY],
            },
            "scope": definition.scope,
            "versions": [_version(resource)],
        },
    }


def root_schema(resource: type[Resource]) -> dict[str, Any]:
    """Return the schema of the whole object."""
    schema = structural_schema(resource)
    root = {
        "type": "object",
        "description": schema["description"],
        "required": ["spec"],
        "properties": _BUILT_IN | {name: schema["properties"][name] for name in ("spec", "status")},
    }
    if VALIDATIONS in schema:
        root[VALIDATIONS] = schema[VALIDATIONS]
    return root


def _version(resource: type[Resource]) -> dict[str, Any]:
    subresources: dict[str, Any] = {"status": {}}
    if resource.definition.scale_paths:
        wanted, actual = resource.definition.scale_paths
        subresources["scale"] = {"specReplicasPath": wanted, "statusReplicasPath": actual}
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": subresources,
        "additionalPrinterColumns": [_column(column) for column in resource.definition.columns],
        "schema": {"openAPIV3Schema": root_schema(resource)},
    }


def _column(column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return entry | {"priority": 1} if column.wide else entry
