"""Each cluster gets a bridge of its own, and only that one is taken away again."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from hanse.devcluster import debian, network, paths
from hanse.devcluster.errors import DevclusterError

pytestmark = pytest.mark.real_node


@pytest.fixture(autouse=True)
def _root_only():
    try:
        debian.require_root("bridges")
        debian.require(["iproute2"])
    except DevclusterError as error:
        pytest.skip(str(error))


@pytest.fixture(name="folders")
def _folders(new_name):
    """Return two clusters' folders, and leave nothing of them."""
    folders = [paths.clusters() / new_name() for _ in range(2)]
    for folder in folders:
        folder.mkdir()
    yield folders
    for folder in folders:
        network.remove_bridge(folder)
        folder.rmdir()


def links():
    shown = subprocess.run(["ip", "-json", "link"], capture_output=True, text=True, check=True).stdout
    return {link["ifname"]: link.get("address") for link in json.loads(shown)}


def test_clusters_that_start_at_once_get_different_bridges(folders):
    with ThreadPoolExecutor() as threads:
        first, second = threads.map(network.make_bridge, folders)
    assert first.name != second.name
    assert first.subnet != second.subnet
    assert {first.name: first.hardware_address, second.name: second.hardware_address}.items() <= links().items()


def test_a_subnet_that_the_machine_uses_is_not_chosen(folders, monkeypatch):
    free = network._choose().subnet
    monkeypatch.setattr(network, "_networks_in_use", lambda: [network.ipaddress.IPv4Network(free)])
    assert free != network.make_bridge(folders[0]).subnet


def test_a_bridge_goes_with_the_links_in_it_and_can_be_removed_twice(folders):
    bridge = network.make_bridge(folders[0])
    pod = f"{bridge.name}pod"
    network._ip("link", "add", "name", pod, "type", "veth", "peer", "name", f"{pod}x")
    network._ip("link", "set", pod, "master", bridge.name)
    for _ in range(2):
        network.remove_bridge(folders[0])
    assert not {bridge.name, pod, f"{pod}x"} & links().keys()


def test_a_bridge_that_was_recorded_but_never_made_is_forgotten(folders, monkeypatch):
    monkeypatch.setattr(network, "_ip", lambda *_: pytest.fail("killed here"))
    monkeypatch.setattr(network, "_choose", lambda: network.Bridge("hanse999", "", "", "02:00:00:00:00:01"))
    with pytest.raises(pytest.fail.Exception):
        network.make_bridge(folders[0])
    assert "hanse999" == network.bridge_of(folders[0]).name
    monkeypatch.undo()
    network.remove_bridge(folders[0])
    assert network.bridge_of(folders[0]) is None


def test_somebody_elses_bridge_of_the_same_name_stays(folders):
    bridge = network.make_bridge(folders[0])
    network._ip("link", "set", bridge.name, "address", "02:00:00:00:00:02")
    network.remove_bridge(folders[0])
    assert bridge.name in links()
    network._ip("link", "delete", bridge.name)
