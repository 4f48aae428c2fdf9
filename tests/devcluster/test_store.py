"""Unpacked images are shared as far as nobody writes into them, and there is never half of them."""

import pytest

from hanse.devcluster import paths, realnode, store
from hanse.devcluster.errors import DevclusterError


@pytest.fixture(name="archive")
def _archive(tmp_path, monkeypatch):
    """An archive, which is none, in a cache of its own."""
    monkeypatch.setattr(paths, "images", lambda: tmp_path)
    archive = tmp_path / "images-1.tar"
    archive.write_text("no archive")
    return archive


@pytest.fixture(name="unpacked")
def _unpacked(archive):
    """What containerd would have made of it."""
    folder = archive.with_suffix("")
    for file in ("content/blobs/sha256/1", "snapshots/metadata.db"):
        (folder / file).parent.mkdir(parents=True)
        (folder / file).write_text(file)
    return folder


def test_layers_are_linked_and_databases_are_copied(archive, unpacked, tmp_path):
    (tmp_path / "node").mkdir()
    store.link(store.prepared(archive), tmp_path / "node")
    (tmp_path / "node/snapshots/metadata.db").write_text("changed")
    assert "snapshots/metadata.db" == (unpacked / "snapshots/metadata.db").read_text()
    assert (tmp_path / "node/content/blobs/sha256/1").samefile(unpacked / "content/blobs/sha256/1")
    assert ["metadata.db"] == [each.name for each in (tmp_path / "node/snapshots").iterdir()]


def test_what_is_forgotten_stays_with_the_nodes_that_have_it(archive, unpacked, tmp_path):
    (tmp_path / "node").mkdir()
    store.link(unpacked, tmp_path / "node")
    store.forget(archive)
    assert ["images-1.tar", "node"] == sorted(each.name for each in tmp_path.iterdir())
    assert "content/blobs/sha256/1" == (tmp_path / "node/content/blobs/sha256/1").read_text()


def test_what_cannot_be_linked_is_said(tmp_path):
    with pytest.raises(DevclusterError, match="cannot be linked"):
        store.link(tmp_path / "nowhere", tmp_path)


@pytest.mark.real_node
def test_of_what_containerd_does_not_take_nothing_is_left(archive, tmp_path):
    try:
        realnode.require()
    except DevclusterError as error:
        pytest.skip(str(error))
    with pytest.raises(DevclusterError, match=r"containerd does not take .*images-1.tar"):
        store.prepared(archive)
    assert ["images-1.tar", "store.lock"] == sorted(each.name for each in tmp_path.iterdir())
