"""The layout that keeps `import operator` the standard library's: see docs/decisions/0001-source-roots.md."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# charts/hanse is a Helm chart: its name is the chart's.
SOURCE_ROOTS = sorted(path.parent for path in ROOT.glob("*/hanse") if not (path / "Chart.yaml").exists())
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOOLS = PYPROJECT["tool"]


def root_names():
    return [root.name for root in SOURCE_ROOTS]


@pytest.mark.parametrize("root", SOURCE_ROOTS, ids=lambda root: root.name)
def test_a_source_root_holds_no_module_beside_its_namespace(root):
    assert [] == [str(path) for path in root.glob("*.py")]
    assert not (root / "hanse" / "__init__.py").exists()
    assert [root.name] == [path.name for path in (root / "hanse").iterdir() if path.name != "__pycache__"]
    assert (root / "hanse" / root.name / "__init__.py").is_file()
    assert (root / "hanse" / root.name / "py.typed").is_file()


def test_tests_are_no_packages():
    assert [] == [str(path) for path in (ROOT / "tests").rglob("__init__.py")]


@pytest.mark.parametrize(
    ("what", "listed"),
    [
        ("wheel", [path.partition("/")[0] for path in TOOLS["hatch"]["build"]["targets"]["wheel"]["packages"]]),
        ("editable install", TOOLS["hatch"]["build"]["targets"]["wheel"]["dev-mode-dirs"]),
        ("mypy packages", [name.removeprefix("hanse.") for name in TOOLS["mypy"]["packages"]]),
        ("mypy path", TOOLS["mypy"]["mypy_path"].split(":")),
        ("ruff", [name for name in TOOLS["ruff"]["src"] if name != "tests"]),
        ("coverage", TOOLS["coverage"]["run"]["source"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_tool_is_told_of_each_source_root(what, listed):
    assert root_names() == sorted(listed), (
        f"{what} in pyproject.toml does not list the folders that have a hanse/ in them"
    )


def test_the_layers_name_each_source_root():
    layers = TOOLS["importlinter"]["contracts"][0]["layers"]
    named = [name.strip().removeprefix("hanse.") for layer in layers for name in layer.split("|")]
    assert root_names() == sorted(named)


@pytest.mark.parametrize("flags", [["-S"], []], ids=["without site", "with site"])
def test_the_standard_librarys_operator_wins_at_the_root(flags):
    code = "import operator, collections; print(operator.itemgetter(0)('x'), operator.__file__)"
    result = subprocess.run([sys.executable, *flags, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("x ")
    assert str(ROOT / "operator") not in result.stdout


def test_the_wheel_holds_every_file_of_the_packages(tmp_path):
    command = ["uv", "build", "--wheel", "--quiet", "--out-dir", str(tmp_path), str(ROOT)]
    subprocess.run([_uv(), *command[1:]], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {
        str(path.relative_to(root))
        for root in SOURCE_ROOTS
        for path in (root / "hanse").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected == inside


def _uv():
    import os
    import shutil

    return (
        os.environ.get("HANSE_UV")
        or shutil.which("uv")
        or pytest.fail("uv is not there: run the tests with `make test`")
    )
