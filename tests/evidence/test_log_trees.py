"""Trees, proofs and tiles: against trees that are hashed naively, and against an oracle where there is one."""

import hashlib
import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.evidence import merkle, tiles
from hanse.evidence.errors import EvidenceError

ORACLE = Path(__file__).parents[3] / "shared" / "anchors" / "tlog_reference.py"
SIZES = st.integers(0, 70)


def naive(entries):
    """RFC 6962, section 2.1, word for word."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    half = 1
    while half * 2 < len(entries):
        half *= 2
    return hashlib.sha256(b"\1" + naive(entries[:half]) + naive(entries[half:])).digest()


def entries_of(size):
    return [f"entry {number}".encode() for number in range(size)]


def node_of(entries):
    return lambda level, index: naive(entries[index << level : (index + 1) << level])


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_a_frontier_has_the_root_of_the_whole_tree_after_each_leaf(entries):
    frontier = merkle.Frontier()
    for number, entry in enumerate(entries):
        assert frontier.root() == naive(entries[:number])
        frontier = merkle.Frontier(frontier.size, frontier.nodes)  # as one that was stored and loaded
        frontier.append(merkle.leaf_hash(entry))
    assert frontier.root() == naive(entries)


@given(st.integers(1, 70), st.data())
def test_a_leaf_is_proven_where_it_is_and_nowhere_else(size, data):
    entries = entries_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion(node_of(entries), index, size)
    leaf, root = merkle.leaf_hash(entries[index]), naive(entries)
    merkle.check_inclusion(proof, index, size, leaf, root)
    for other in {*range(size)} - {index}:
        with pytest.raises(EvidenceError):
            merkle.check_inclusion(proof, other, size, leaf, root)
    for wrong in wrongs(proof, data):
        with pytest.raises(EvidenceError):
            merkle.check_inclusion(wrong, index, size, leaf, root)


@given(SIZES, st.data())
def test_a_tree_is_proven_to_begin_with_what_it_was_and_with_nothing_else(size, data):
    entries = entries_of(size)
    old = data.draw(st.integers(0, size))
    proof = merkle.consistency(node_of(entries), old, size)
    was, now = (old, naive(entries[:old])), (size, naive(entries))
    merkle.check_consistency(proof, was, now)
    with pytest.raises(EvidenceError):
        merkle.check_consistency(proof, (old, bytes(32)), now)
    if old:
        with pytest.raises(EvidenceError):
            merkle.check_consistency(proof, was, (size, bytes(32)))
    for wrong in wrongs(proof, data):
        with pytest.raises(EvidenceError):
            merkle.check_consistency(wrong, was, now)


def wrongs(proof, data):
    """Yield proofs that are not this one."""
    yield [*proof, bytes(32)]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], bytes(32), *proof[at + 1 :]]
        yield [*proof[:at], proof[at][:-1], *proof[at + 1 :]]


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_what_is_outside_a_tree_has_no_proof(index, size):
    with pytest.raises(EvidenceError):
        merkle.inclusion(node_of(entries_of(size)), index, size)
    with pytest.raises(EvidenceError):
        merkle.check_inclusion([], index, size, bytes(32), bytes(32))


def test_a_tree_cannot_begin_with_a_larger_one():
    with pytest.raises(EvidenceError):
        merkle.consistency(node_of(entries_of(3)), 4, 3)
    with pytest.raises(EvidenceError):
        merkle.check_consistency([], (4, bytes(32)), (3, bytes(32)))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (tiles.Tile(0, 1234067), "tile/0/x001/x234/067"),
        (tiles.Tile(1, 0, 5), "tile/1/000.p/5"),
        (tiles.Tile(tiles.ENTRIES, 1000, 255), "tile/entries/x001/000.p/255"),
        (tiles.Tile(tiles.ENTRIES, 999), "tile/entries/999"),
    ],
)
def test_a_tile_lies_where_the_format_says(tile, path):
    assert path == tile.path


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_has_the_entries_that_were_put_in(entries):
    assert entries == tiles.decode_bundle(tiles.encode_bundle(entries))


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=5), st.data())
def test_a_bundle_that_ends_early_is_refused_or_has_fewer_entries(entries, data):
    cut = tiles.encode_bundle(entries)[: -data.draw(st.integers(1, len(entries[-1]) + 1))]
    with pytest.raises(EvidenceError):
        tiles.decode_bundle(cut)


def test_an_entry_that_is_too_long_is_refused():
    with pytest.raises(EvidenceError):
        tiles.encode_bundle([bytes(tiles.ENTRY_BYTES_MAX + 1)])


def files_of(size):
    """Return the files of a log, made in the most simple way."""
    files = {}
    hashes = [merkle.leaf_hash(entry) for entry in entries_of(size)]
    for tile in tiles.of(size):
        if tile.level == tiles.ENTRIES:
            part = entries_of(size)[tile.index * 256 : tile.index * 256 + tile.width]
            files[tile.path] = tiles.encode_bundle(part)
        else:
            whole = 256**tile.level
            first = tile.index * 256
            parts = [hashes[number * whole : (number + 1) * whole] for number in range(first, first + tile.width)]
            files[tile.path] = b"".join(map(merkle.root_of, parts))
    return files


def reader(files):
    def read(path):
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return read


LARGE = 256 * 256 + 257
FILES = {size: files_of(size) for size in (0, 1, 255, 256, 257, 1000, LARGE)}


@pytest.mark.parametrize("size", FILES)
def test_a_log_of_files_holds_and_its_tiles_give_every_node(size):
    read = reader(FILES[size])
    leaves = [merkle.leaf_hash(entry) for entry in entries_of(size)]
    assert [] == list(tiles.problems(read, size, merkle.root_of(leaves)))
    node = tiles.node_reader(read, size)
    for index in {0, size // 2, size - 1} if size else ():
        proof = merkle.inclusion(node, index, size)
        merkle.check_inclusion(proof, index, size, leaves[index], merkle.root_of(leaves))
    for old in (1, 255, 256, size // 3):
        if 0 < old <= size:
            proof = merkle.consistency(node, old, size)
            merkle.check_consistency(proof, (old, merkle.root_of(leaves[:old])), (size, merkle.root_of(leaves)))


ROOT = merkle.root_of([merkle.leaf_hash(entry) for entry in entries_of(LARGE)])
# Tiles of one level are alike: the first and the last few of each level stand for all.
OF_EACH_LEVEL = [tile.path for tile in tiles.of(LARGE)]
CHOSEN = sorted({*OF_EACH_LEVEL[:2], *OF_EACH_LEVEL[255:260], *OF_EACH_LEVEL[-5:]})


@pytest.mark.parametrize("path", CHOSEN)
def test_a_changed_or_missing_file_of_a_log_is_named(path):
    changed = bytearray(FILES[LARGE][path])
    changed[-1] ^= 1
    for files in ({**FILES[LARGE], path: bytes(changed)}, {k: v for k, v in FILES[LARGE].items() if k != path}):
        found = [where for where, _ in tiles.problems(reader(files), LARGE, ROOT)]
        number = path.removeprefix("tile/entries/")
        # An entry that was changed shows in the hash above it.
        assert path in found or f"tile/0/{number}" in found


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_what_a_grown_log_has_anew_is_what_it_did_not_have(one, other):
    old, new = sorted((one, other))
    assert {*tiles.of(new, old)} == {*tiles.of(new)} - {*tiles.of(old)}


@pytest.fixture(name="oracle", scope="module")
def _oracle():
    if not ORACLE.exists():
        pytest.skip("the oracle lies beside the checkout, in ../shared, and is not there")
    spec = importlib.util.spec_from_file_location("tlog_reference", ORACLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("size", [*range(34), 100, 257])
def test_an_oracle_makes_the_same_proofs_and_checks_ours(oracle, size):
    leaves = [merkle.leaf_hash(entry) for entry in entries_of(size)]
    node = node_of(entries_of(size))
    root = oracle.mth(leaves)
    assert root == merkle.root_of(leaves)
    for index in range(0, size, 1 + size // 30):
        proof = merkle.inclusion(node, index, size)
        assert proof == oracle.inclusion_proof(leaves, index)
        assert oracle.verify_inclusion(index, size, leaves[index], proof, root)
        proof = merkle.consistency(node, index, size)
        assert proof == oracle.consistency_proof(leaves, index)
        assert index == 0 or oracle.verify_consistency(index, size, proof, oracle.mth(leaves[:index]), root)
