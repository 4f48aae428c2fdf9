"""Missing Debian packages are installed by root, and otherwise named in one line to run."""

import os
import shutil

import pytest

from hanse.devcluster import debian
from hanse.devcluster.errors import DevclusterError

MISSING = "hanse-no-such-package"


@pytest.fixture(autouse=True)
def _nothing_is_installed(monkeypatch):
    """Let every package be missing, and nothing be installed for real."""
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
