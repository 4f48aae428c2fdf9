"""Images are made from the recipe, the lock file and the sources, alone and always alike."""

import hashlib
import json
import os
import shutil
import tarfile

import pytest

from hanse.devcluster import debian, image, oci, paths, wheels
from hanse.devcluster.errors import DevclusterError


@pytest.fixture(name="tree")
def _tree(tmp_path):
    """Return a function that makes the same files in another order and at another time."""

    def tree(name, *, backwards=False):
        folder = tmp_path / name
        (folder / "bin").mkdir(parents=True)
        for index, file in enumerate(sorted(["bin/run", "bin/data", "etc"], reverse=backwards)):
            (folder / file).write_text(file)
            os.utime(folder / file, (index, index))
        (folder / "bin/run").chmod(0o4755)
        (folder / "bin/link").symlink_to("run")
        return folder

    return tree


@pytest.fixture(name="recipe")
def _recipe(tmp_path, monkeypatch):
    """Return a function that reads the recipe of a small checkout, which a test may change in between."""
    checkout = tmp_path / "checkout"
    shutil.copytree(paths.sources() / "image", checkout / "devcluster/image")
    (checkout / "quota/hanse/quota").mkdir(parents=True)
    (checkout / "quota/hanse/quota/shares.py").write_text("HALF = 2\n")
    (checkout / "uv.lock").write_text("version = 1\n")
    (checkout / "pyproject.toml").write_text(
        "[project.optional-dependencies]\ncli = []\ndevcluster = []\n"
        '[tool.hatch.build.targets.wheel]\npackages = ["quota/hanse"]\n'
    )
    monkeypatch.setattr(paths, "sources", lambda: checkout / "devcluster")
    monkeypatch.setattr(debian, "release", lambda: debian.Release("bookworm", "https://deb.example"))
    monkeypatch.setattr(debian, "architecture", lambda: "amd64")
    return image.Recipe


def layer_of(folder, file, **options):
    return oci.write_layer(folder, file, **options)


def members(file):
    with tarfile.open(file) as tar:
        return {member.name: member for member in tar}


def keys(recipe):
    kinds = ("base", "dependencies", "application", "archive")
    return {kind: getattr(recipe, f"{kind}_key") for kind in kinds}


def changed(before, after):
    return {kind for kind, key in before.items() if after[kind] != key}


def test_the_same_files_give_the_same_layer(tree, tmp_path):
    first = layer_of(tree("one"), tmp_path / "one.tar")
    second = layer_of(tree("two", backwards=True), tmp_path / "two.tar")
    assert first.digest == second.digest


def test_a_layer_has_no_times_no_names_of_users_and_no_programs_that_change_user(tree, tmp_path):
    layer = layer_of(tree("one"), tmp_path / "one.tar")
    found = members(layer.file)
    assert {"bin", "bin/data", "bin/link", "bin/run", "etc"} == found.keys()
    assert {(0, "", "")} == {(member.mtime, member.uname, member.gname) for member in found.values()}
    assert 0o755 == found["bin/run"].mode
    assert "run" == found["bin/link"].linkname


def test_what_is_dropped_is_not_in_the_layer(tree, tmp_path):
    layer = layer_of(tree("one"), tmp_path / "one.tar", dropped=lambda path: path.startswith("bin/"))
    assert {"bin", "etc"} == members(layer.file).keys()


def test_an_archive_holds_shared_layers_once_and_each_blob_under_its_hash(tree, tmp_path):
    layer = layer_of(tree("one"), tmp_path / "one.tar")
    images = [oci.Image(name, (layer,), {"Entrypoint": [name]}) for name in ("hanse.dev/a:1", "hanse.dev/b:1")]
    archive = tmp_path / "images.tar"
    oci.write_archive(archive, images, "amd64")
    with tarfile.open(archive) as tar:
        contents = {member.name: tar.extractfile(member).read() for member in tar}
    blobs = {name.rpartition("/")[2]: content for name, content in contents.items() if name.startswith("blobs/")}
    assert all(name == hashlib.sha256(content).hexdigest() for name, content in blobs.items())
    assert 5 == len(blobs)  # two manifests, two configurations, one layer
    index = json.loads(contents["index.json"])
    names = [manifest["annotations"][oci.NAME_ANNOTATION] for manifest in index["manifests"]]
    assert ["hanse.dev/a:1", "hanse.dev/b:1"] == names
    manifest = json.loads(blobs[index["manifests"][0]["digest"].partition(":")[2]])
    config = json.loads(blobs[manifest["config"]["digest"].partition(":")[2]])
    assert [layer.digest] == config["rootfs"]["diff_ids"]
    assert {"Entrypoint": ["hanse.dev/a:1"]} == config["config"]


def test_a_change_of_our_code_leaves_the_other_layers_alone(recipe):
    before = keys(recipe())
    (recipe().checkout / "quota/hanse/quota/shares.py").write_text("HALF = 3\n")
    assert {"application", "archive"} == changed(before, keys(recipe()))


def test_a_change_of_the_lock_file_leaves_base_and_code_alone(recipe):
    before = keys(recipe())
    (recipe().checkout / "uv.lock").write_text("version = 2\n")
    assert {"dependencies", "archive"} == changed(before, keys(recipe()))


def test_compiled_modules_beside_the_sources_change_nothing(recipe):
    before = recipe().archive_key
    cache = recipe().checkout / "quota/hanse/quota/__pycache__"
    cache.mkdir()
    (cache / "shares.cpython-311.pyc").write_bytes(b"\0")
    assert before == recipe().archive_key


def test_development_only_extras_stay_out(recipe):
    assert ["cli"] == recipe().extras


@pytest.mark.parametrize(
    ("path", "dropped"),
    [
        ("usr/share/doc/bash/README", True),
        ("usr/share/doc/bash/copyright", False),
        ("var/cache/apt/archives/bash.deb", True),
        ("var/cache", False),
        ("usr/bin/python3", False),
        ("dev/null", True),
    ],
)
def test_the_recipe_drops_what_no_container_needs(recipe, path, dropped):
    base = recipe().content["base"]
    assert dropped == image._is_dropped(path, base["drop"], base["keep"])


@pytest.mark.usefixtures("recipe")
def test_only_root_can_make_images(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "images", lambda: tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(DevclusterError, match="only be made on Linux and as root"):
        image.build()


@pytest.mark.real_node
def test_a_second_build_asks_neither_uv_nor_the_network(monkeypatch):
    try:
        debian.require_root("images")
    except DevclusterError as error:
        pytest.skip(str(error))
    archive = image.build()
    if archive != image.build():
        pytest.skip("the sources change while this runs")
    monkeypatch.setattr(wheels, "_uv", lambda _: pytest.fail("uv was asked"))
    monkeypatch.setattr(image, "_run_with_progress", lambda *_: pytest.fail("debootstrap was asked"))
    assert archive == image.build()
    with tarfile.open(archive) as tar:
        assert {"oci-layout", "index.json"} <= set(tar.getnames())
