"""Writes what follows from the models: CRDs and policies of the chart, and the reference.

    python -m hanse.resources.generate [--check] [ROOT]

With --check nothing is written; the exit status is 1, and the files that differ are named.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from hanse.resources import reference
from hanse.resources.crds import crd
from hanse.resources.kinds import KINDS
from hanse.resources.policies import POLICIES

CRD_FOLDER = Path("charts/hanse/templates/crds")
POLICY_FOLDER = Path("charts/hanse/templates/policies")
REFERENCE_FOLDER = Path("docs/reference")
EXAMPLE_FOLDER = Path("examples")
HEADER = "# Generated from resources/ by `make crds`: change the models, not this file.\n"


class _Dumper(yaml.SafeDumper):
    """Plain YAML: no anchors, which people and other parsers stumble over."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def render(*documents: dict[str, Any]) -> str:
    """Return documents as the text of a file."""
    text = yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    return HEADER + text


def files(root: Path) -> dict[Path, str]:
    """Return the text of each generated file by its path below the root of the repository."""
    manifests = {CRD_FOLDER / f"{kind.definition.plural}.yaml": render(crd(kind)) for kind in KINDS}
    manifests |= {POLICY_FOLDER / f"{policy.name}.yaml": render(*policy.documents()) for policy in POLICIES}
    return manifests | {REFERENCE_FOLDER / name: text for name, text in reference.pages(root / EXAMPLE_FOLDER).items()}


def differing(root: Path, expected: dict[Path, str]) -> list[Path]:
    """Return the generated files that are not as expected, and those that nothing generates any more."""
    present = {
        path.relative_to(root)
        for folder in (CRD_FOLDER, POLICY_FOLDER, REFERENCE_FOLDER)
        for path in (root / folder).glob("*")
    }
    changed = {path for path, text in expected.items() if path in present and (root / path).read_text("utf-8") != text}
    return sorted(changed | (present ^ set(expected)))


def write(root: Path, expected: dict[Path, str]) -> None:
    """Write the files that differ, and remove those that nothing generates any more."""
    for path in differing(root, expected):
        if path in expected:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(expected[path], "utf-8")
        else:
            (root / path).unlink()


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m hanse.resources.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name the files that differ")
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="root of the repository (default: here)")
    options = parser.parse_args(arguments)
    expected = files(options.root)
    if not options.check:
        write(options.root, expected)
        return 0
    different = differing(options.root, expected)
    for path in different:
        sys.stderr.write(f"{path} is not what the models say: run `make crds`\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
