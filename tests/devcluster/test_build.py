import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from hanse.devcluster import build, paths
from hanse.devcluster.errors import DevclusterError

PROGRAM = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("built") }\n'


@pytest.fixture(name="module")
def _module(tmp_path, monkeypatch):
    """A Go module that needs nothing but Go, and a cache of its own for what is built."""
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "go.mod").write_text("module hanse.dev/tiny\n\ngo 1.26\n")
    (tmp_path / "tiny" / "main.go").write_text(PROGRAM)
    monkeypatch.setattr(paths, "sources", lambda: tmp_path)
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "cache")
    return build.Module(name="tiny", title="a tiny program", package=".", usual_duration="a second")


def no_go():
    pytest.fail("a warm cache needs no toolchain")


def test_a_module_is_built_once(module, monkeypatch, capfd):
    first = build.binary(module)
    assert "built\n" == subprocess.run([first], capture_output=True, text=True, check=True).stdout
    assert "building a tiny program" in capfd.readouterr().err
    monkeypatch.setattr(build, "_go", no_go)
    assert first == build.binary(module)


def test_of_several_that_need_the_same_binary_one_builds_it(module, monkeypatch):
    built, build_it = [], build._build

    def count(*args):
        built.append(args)
        build_it(*args)

    monkeypatch.setattr(build, "_build", count)
    with ThreadPoolExecutor(3) as threads:
        found = set(threads.map(build.binary, [module] * 3))
    assert (1, 1) == (len(built), len(found))
    assert "built\n" == subprocess.run([found.pop()], capture_output=True, text=True, check=True).stdout


def test_a_changed_source_is_another_binary_and_one_that_nobody_uses_is_deleted(module):
    built = []
    for text in ("one", "two", "three"):
        (module.folder / "main.go").write_text(PROGRAM.replace("built", text))
        built.append(build.binary(module))
        if text == "one":
            os.utime(built[0], (0, 0))
    assert "three\n" == subprocess.run([built[-1]], capture_output=True, text=True, check=True).stdout
    assert [False, True, True] == [path.exists() for path in built]


def test_a_build_that_fails_says_what_go_said_and_leaves_no_binary(module):
    (module.folder / "main.go").write_text("package main\n\nfunc main() { nonsense() }\n")
    with pytest.raises(DevclusterError, match=r"building a tiny program failed.*\n(.*\n)*.*undefined: nonsense"):
        build.binary(module)
    assert [] == [path.name for path in paths.binaries().iterdir() if not path.name.endswith(".lock")]


def test_a_go_that_is_too_old_is_not_used(monkeypatch, tmp_path):
    old = tmp_path / "go"
    old.write_text("#!/bin/sh\necho go version go1.19.8 linux/amd64\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HANSE_UV", "the-uv")
    assert ["the-uv", "tool", "run", "--from", build.GO_WHEEL, "go"] == build._go()


def test_without_go_and_uv_it_says_what_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("HANSE_UV", raising=False)
    with pytest.raises(DevclusterError, match=r"Go 1\.26 or newer is needed"):
        build._go()


@pytest.mark.parametrize("module", build.ALL, ids=lambda module: module.name)
def test_our_modules_are_pinned(module):
    assert (module.folder / "go.mod").is_file()
    assert (module.folder / "go.sum").is_file()
