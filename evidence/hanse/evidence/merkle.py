"""The Merkle tree of a transparency log (RFC 6962): its hashes, its roots, and proofs about it.

In: hashes of leaves, or a function that reads hashes of complete subtrees. Out: roots, proofs, and whether proofs hold.
Proofs are made and checked by the same recursion over the tree's shape, so that the two can be read side by side.
:mod:`hanse.evidence.tiles` is where complete subtrees are read from. It must not know what a leaf says.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from hanse.evidence.canonical import sha256
from hanse.evidence.errors import EvidenceError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"")
# The hash of the complete subtree of 2^level leaves that has this index on its level.
Node: TypeAlias = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\x00" + entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right)


class Frontier:
    """The roots of the complete subtrees that a tree consists of, largest first: all that it takes to append."""

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if len(nodes) != size.bit_count() or any(len(node) != HASH_BYTES for node in nodes):
            raise EvidenceError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees, not {len(nodes)}")
        self.size = size
        self._nodes = list(nodes)

    @property
    def nodes(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, largest first."""
        return tuple(self._nodes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        node, level = leaf, 0
        while self.size >> level & 1:
            node = node_hash(self._nodes.pop(), node)
            level += 1
        self._nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self._nodes:
            return EMPTY_ROOT
        *larger, root = self._nodes
        for node in reversed(larger):
            root = node_hash(node, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree of these hashes of leaves."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion(node: Node, index: int, size: int) -> list[bytes]:
    """Return the proof that leaf *index* is in the tree of *size* leaves, the leaf's sibling first.

    Raises:
        EvidenceError: the tree has no such leaf.

    """
    if not 0 <= index < size:
        raise EvidenceError(f"a tree of {size} leaves has no leaf {index}")
    return list(_inclusion(node, index, 0, size))


def _inclusion(node: Node, index: int, start: int, end: int) -> Iterator[bytes]:
    if end - start == 1:
        return
    middle = start + _half(end - start)
    if index < middle:
        yield from _inclusion(node, index, start, middle)
        yield subtree(node, middle, end)
    else:
        yield from _inclusion(node, index, middle, end)
        yield subtree(node, start, middle)


def check_inclusion(proof: Sequence[bytes], index: int, size: int, leaf: bytes, root: bytes) -> None:
    """Check that the leaf with the hash *leaf* is leaf *index* of the tree of *size* leaves with this root.

    Raises:
        EvidenceError: the proof does not say so.

    """
    if not 0 <= index < size:
        raise EvidenceError(f"a tree of {size} leaves has no leaf {index}")
    rest = iter(proof)
    if _rooted(rest, index, 0, size, leaf) != root or next(rest, None) is not None:
        raise EvidenceError(f"the proof does not lead from leaf {index} to the root of {size} leaves")


def _rooted(proof: Iterator[bytes], index: int, start: int, end: int, leaf: bytes) -> bytes:
    if end - start == 1:
        return leaf
    middle = start + _half(end - start)
    if index < middle:
        left = _rooted(proof, index, start, middle, leaf)
        return node_hash(left, _next(proof))
    right = _rooted(proof, index, middle, end, leaf)
    return node_hash(_next(proof), right)


def consistency(node: Node, old_size: int, size: int) -> list[bytes]:
    """Return the proof that the tree of *size* leaves begins with the one of *old_size*; empty from nothing.

    Raises:
        EvidenceError: the old tree is the larger one.

    """
    if not 0 <= old_size <= size:
        raise EvidenceError(f"a tree of {size} leaves cannot begin with one of {old_size}")
    return list(_consistency(node, old_size, 0, size, known=True)) if 0 < old_size < size else []


def _consistency(node: Node, old_size: int, start: int, end: int, *, known: bool) -> Iterator[bytes]:
    """Yield the proof for a subtree; *known* while it is the whole of the old tree, whose root the verifier has."""
    if old_size == end - start:
        if not known:
            yield subtree(node, start, end)
        return
    half = _half(end - start)
    middle = start + half
    if old_size <= half:
        yield from _consistency(node, old_size, start, middle, known=known)
        yield subtree(node, middle, end)
    else:
        yield from _consistency(node, old_size - half, middle, end, known=False)
        yield subtree(node, start, middle)


def check_consistency(proof: Sequence[bytes], old: tuple[int, bytes], new: tuple[int, bytes]) -> None:
    """Check that the tree *new*, a size and a root, begins with the tree *old*.

    Raises:
        EvidenceError: the proof does not say so.

    """
    (old_size, old_root), (size, root) = old, new
    if not 0 <= old_size <= size:
        raise EvidenceError(f"a tree of {size} leaves cannot begin with one of {old_size}")
    rest = iter(proof)
    if old_size == 0:
        both = EMPTY_ROOT, root  # everything begins with nothing
    elif old_size == size:
        both = old_root, old_root
    else:
        both = _both(rest, old_size, size, old_root)
    if both != (old_root, root) or next(rest, None) is not None:
        raise EvidenceError(f"the tree of {size} leaves does not begin with the one of {old_size}")


def _both(proof: Iterator[bytes], old_size: int, size: int, known: bytes | None) -> tuple[bytes, bytes]:
    """Return the roots of a subtree as it was and as it is; *known* as in :func:`_consistency`."""
    if old_size == size:
        same = _next(proof) if known is None else known
        return same, same
    half = _half(size)
    if old_size <= half:
        was, now = _both(proof, old_size, half, known)
        return was, node_hash(now, _next(proof))
    was, now = _both(proof, old_size - half, size - half, None)
    left = _next(proof)
    return node_hash(left, was), node_hash(left, now)


def subtree(node: Node, start: int, end: int) -> bytes:
    """Return the hash over the leaves from *start* up to *end*, where such a subtree is in some tree."""
    length = end - start
    if length.bit_count() == 1:
        level = length.bit_length() - 1
        return node(level, start >> level)
    middle = start + _half(length)
    return node_hash(subtree(node, start, middle), subtree(node, middle, end))


def _half(length: int) -> int:
    """Return the largest power of two below *length*, which is at least 2."""
    return 1 << (length - 1).bit_length() - 1


def _next(proof: Iterator[bytes]) -> bytes:
    found = next(proof, b"")
    if len(found) != HASH_BYTES:
        raise EvidenceError("the proof is too short, or holds something else than hashes")
    return found
