import json
import socket

import pytest

from hanse.devcluster import paths, ports
from hanse.devcluster.errors import DevclusterError


@pytest.fixture(name="clusters", autouse=True)
def _clusters(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return paths.clusters()


def on_loopback(*names):
    return dict.fromkeys(names, "127.0.0.1")


@pytest.fixture(name="nobody_else")
def _nobody_else(monkeypatch):
    """Take every port for free: those of other tests come and go at any time, and what is tested is who gets which."""
    monkeypatch.setattr(ports, "_is_free", lambda *_: True)


def folder(clusters, name):
    made = clusters / name
    made.mkdir()
    return made


def test_each_name_gets_a_free_port_of_its_own_and_it_is_written_down(clusters):
    one = folder(clusters, "one")
    reserved = ports.reserve(one, on_loopback("a", "b", "c"))
    assert 3 == len(set(reserved.values()))
    assert reserved == json.loads((one / "ports.json").read_text())


@pytest.mark.usefixtures("nobody_else")
def test_two_clusters_never_get_the_same_port(clusters, monkeypatch):
    monkeypatch.setattr(ports, "FIRST_PORT", 21_000)
    monkeypatch.setattr(ports, "LAST_PORT", 21_007)
    first = ports.reserve(folder(clusters, "one"), on_loopback("a", "b"))
    second = ports.reserve(folder(clusters, "two"), on_loopback("a", "b"))
    assert not set(first.values()) & set(second.values())


def test_a_fixed_port_that_is_taken_is_refused_with_what_to_do(clusters):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(DevclusterError, match=f"port {port} for apiserver is taken on 127.0.0.1: name another one"):
            ports.reserve(folder(clusters, "one"), on_loopback("apiserver", "etcd"), {"apiserver": port})


def test_a_fixed_port_of_another_cluster_is_taken_even_if_nothing_listens_yet(clusters):
    reserved = ports.reserve(folder(clusters, "one"), on_loopback("apiserver"))
    with pytest.raises(DevclusterError, match="is taken"):
        ports.reserve(folder(clusters, "two"), on_loopback("apiserver"), reserved)


def test_when_no_port_is_free_it_says_how_to_find_out_why(clusters, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST_PORT", port)
        monkeypatch.setattr(ports, "LAST_PORT", port)
        with pytest.raises(DevclusterError, match=r"no free port found.*ss -ltn"):
            ports.reserve(folder(clusters, "one"), on_loopback("a"))


def test_ports_that_are_asked_for_one_after_the_other_differ_before_anybody_listens(clusters):
    given = [ports.free("127.0.0.1") for _ in range(50)]
    given += ports.reserve(folder(clusters, "one"), on_loopback("a", "b")).values()
    assert 52 == len(set(given))


@pytest.mark.usefixtures("nobody_else")
def test_when_all_ports_were_given_the_first_come_again(monkeypatch):
    monkeypatch.setattr(ports, "FIRST_PORT", 21_010)
    monkeypatch.setattr(ports, "LAST_PORT", 21_017)
    given = [ports.free("127.0.0.1") for _ in range(9)]
    assert given[0] == given[8]


@pytest.mark.usefixtures("nobody_else")
def test_a_free_port_is_none_that_a_cluster_has_reserved(clusters, monkeypatch):
    reserved = ports.reserve(folder(clusters, "one"), on_loopback("a"))["a"]
    monkeypatch.setattr(ports, "FIRST_PORT", reserved)
    monkeypatch.setattr(ports, "LAST_PORT", reserved + 1)
    assert reserved + 1 == ports.free()
