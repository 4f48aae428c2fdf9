"""Missing Debian packages are installed by root, and otherwise named in one line to run."""

import os
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hanse.devcluster import debian
from hanse.devcluster.errors import DevclusterError

MISSING = "hanse-no-such-package"


@pytest.fixture(autouse=True)
def _nothing_is_installed(monkeypatch, tmp_path):
    """Let every package be missing, and nothing be installed for real."""
    monkeypatch.setattr(debian, "LOCK", tmp_path)
    monkeypatch.setattr(debian, "_is_installed", lambda _: False)
    monkeypatch.setattr(debian, "_apt_get", lambda *args: pytest.fail(f"apt-get {' '.join(args)}"))


def test_packages_that_are_there_need_nothing(monkeypatch):
    monkeypatch.setattr(debian, "_is_installed", lambda _: True)
    debian.require(["bash"])


def test_another_user_than_root_gets_the_line_to_run(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(DevclusterError, match=f"sudo apt-get install --no-install-recommends {MISSING}"):
        debian.require([MISSING])


def test_another_distribution_is_told_what_it_lacks(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(DevclusterError, match=f"need Debian or Ubuntu.*{MISSING}"):
        debian.require([MISSING])


def test_root_installs_only_what_is_missing_and_without_recommendations(monkeypatch):
    calls = []
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(debian, "_is_installed", lambda package: package == "bash")
    monkeypatch.setattr(debian, "_apt_get", lambda *args: calls.append(args))
    debian.require(["bash", MISSING])
    assert ("install", "--yes", "--no-install-recommends", MISSING) == calls[-1]


def test_of_several_that_lack_the_same_package_one_installs_it(monkeypatch):
    installed, calls = set(), []

    def apt_get(*args):
        if args[0] == "install":
            time.sleep(0.2)  # so that the other comes meanwhile, as it would in a real installation
            calls.append(args)
            installed.add(args[-1])

    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(debian, "_is_installed", lambda package: package in installed)
    monkeypatch.setattr(debian, "_apt_get", apt_get)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(debian.require, [[MISSING]] * 2))
    assert 1 == len(calls)


@pytest.mark.parametrize(
    ("sources", "mirror"),
    [
        ("https://a.example bookworm-updates main\nhttps://b.example bookworm main\n", "https://b.example"),
        ("https://a.example bookworm contrib\n", None),
    ],
)
def test_the_mirror_is_the_one_that_apt_has_for_this_release(monkeypatch, sources, mirror):
    monkeypatch.setattr(debian, "suite", lambda: "bookworm")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, stdout=sources))
    if mirror:
        assert mirror == debian.mirror()
    else:
        with pytest.raises(DevclusterError, match="no source for bookworm main"):
            debian.mirror()


def test_another_distribution_is_told_that_images_need_debian(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(DevclusterError, match="images need Debian or Ubuntu"):
        debian.architecture()
