"""Tools that are not ours accept what we make, and we accept what they make.

They are golang.org/x/mod/sumdb/note, transparency-dev/formats and transparency-dev/tessera, in the Go module
`devcluster/auditors`, which is built once.
"""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.devcluster import build
from hanse.evidence import checkpoints, merkle, notes, tiles
from hanse.evidence.checkpoints import Checkpoint

ORIGIN = "pool.example/ledger"
SIGNERS = [notes.signer(ORIGIN, kind, bytes([kind]) * 32) for kind in (notes.ED25519, notes.MLDSA44)]
WITNESSES = [notes.signer("w.example", kind, bytes([9 + kind]) * 32) for kind in (notes.COSIGNATURE, notes.MLDSA44)]
ALL = [*SIGNERS, *WITNESSES]


@pytest.fixture(scope="module", name="auditors")
def _auditors():
    binary = str(build.binary(build.AUDITORS))

    def run(*arguments, given=b"", good=True):
        result = subprocess.run([binary, *map(str, arguments)], input=given, capture_output=True, check=False)
        assert good == (result.returncode == 0), result.stderr.decode()
        return result.stdout

    return run


def write(folder, size):
    """Write a log of ours as files."""
    entries = [f"entry {number}".encode() for number in range(size)]
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    for tile in tiles.of(size):
        first, whole = tile.index * 256, 256 ** max(tile.level, 0)
        parts = [leaves[number * whole : (number + 1) * whole] for number in range(first, first + tile.width)]
        is_bundle = tile.level == tiles.ENTRIES
        content = (
            tiles.encode_bundle(entries[first : first + tile.width])
            if is_bundle
            else b"".join(map(merkle.root_of, parts))
        )
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    note = checkpoints.sign(Checkpoint(ORIGIN, size, merkle.root_of(leaves)), SIGNERS, 1793491200)
    (folder / "checkpoint").write_bytes(note.encode())


def test_their_library_accepts_our_notes_of_every_type(auditors):
    note = checkpoints.sign(Checkpoint(ORIGIN, 7, bytes(32)), ALL, 1793491200)
    said = auditors("open", *(each.key for each in ALL), given=note.encode()).decode()
    assert said.splitlines() == [f"{each.key.name} {each.key.id.hex()}" for each in ALL]
    for each in ALL:
        changed = notes.Note(note.text.replace(b"7", b"8"), note.signatures)
        auditors("open", each.key, given=changed.encode(), good=False)


def test_we_accept_their_notes_of_every_type(auditors):
    text = Checkpoint(ORIGIN, 7, bytes(32)).text
    note = notes.parse(auditors("sign", *ALL, given=text))
    assert list(checkpoints.verified(note, [each.key for each in ALL])) == [each.key for each in ALL]


@pytest.mark.parametrize("size", [1, 256, 700])
def test_their_check_of_all_files_accepts_our_log(auditors, tmp_path, size):
    write(tmp_path, size)
    auditors("fsck", tmp_path, SIGNERS[0].key)
    first = tmp_path / tiles.Tile(0, 0, min(size, 256)).path
    content = first.read_bytes()
    first.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    auditors("fsck", tmp_path, SIGNERS[0].key, good=False)


@pytest.fixture(scope="module", name="their_log")
def _their_log(auditors, tmp_path_factory):
    folder = tmp_path_factory.mktemp("their-log")
    auditors("log", folder, SIGNERS[0], 700)
    return folder


def test_we_accept_their_log(their_log):
    note = notes.parse((their_log / "checkpoint").read_bytes())
    assert list(checkpoints.verified(note, [SIGNERS[0].key])) == [SIGNERS[0].key]
    checkpoint = checkpoints.parse(note.text)
    assert checkpoint.size == 700
    assert [] == list(tiles.problems(lambda path: (their_log / path).read_bytes(), 700, checkpoint.root))


@settings(max_examples=50)
@given(st.integers(0, 699), st.integers(0, 699))
def test_proofs_from_their_tiles_lead_to_their_root(their_log, index, old):
    root = checkpoints.parse(notes.parse((their_log / "checkpoint").read_bytes()).text).root
    node = tiles.node_reader(lambda path: (their_log / path).read_bytes(), 700)
    leaf = merkle.leaf_hash(f"entry {index}".encode())
    merkle.check_inclusion(merkle.inclusion(node, index, 700), index, 700, leaf, root)
    was = merkle.root_of([merkle.leaf_hash(f"entry {number}".encode()) for number in range(old)])
    merkle.check_consistency(merkle.consistency(node, old, 700), (old, was), (700, root))


@pytest.mark.parametrize(("index", "old", "size"), [(0, 1, 1), (0, 1, 2), (6, 5, 7), (255, 256, 257), (699, 512, 700)])
def test_their_library_accepts_our_proofs_and_not_those_of_other_leaves(auditors, index, old, size):
    leaves = [merkle.leaf_hash(f"entry {number}".encode()) for number in range(size)]

    def node(level, number):
        return merkle.root_of(leaves[number << level : (number + 1) << level])

    root, was = merkle.root_of(leaves), merkle.root_of(leaves[:old])
    included = [each.hex() for each in merkle.inclusion(node, index, size)]
    auditors("inclusion", index, size, leaves[index].hex(), root.hex(), *included)
    auditors("inclusion", index, size, bytes(32).hex(), root.hex(), *included, good=False)
    continued = [each.hex() for each in merkle.consistency(node, old, size)]
    auditors("consistency", old, size, was.hex(), root.hex(), *continued)
    auditors("consistency", old, size, was.hex(), bytes(32).hex(), *continued, good=False)
