"""Notes, checkpoints, policies, commitments and proofs: what is accepted, and all that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.evidence import checkpoints, commitments, merkle, notes, policy, proofs
from hanse.evidence.checkpoints import Checkpoint
from hanse.evidence.errors import EvidenceError, SignatureError

ORIGIN = "pool.example/ledger"
LOG = notes.signer(ORIGIN, notes.ED25519, bytes([1]) * 32)
LOG_PQ = notes.signer(ORIGIN, notes.MLDSA44, bytes([2]) * 32)
WITNESSES = {
    name: notes.signer(f"{name}.example/w", kind, bytes([10 + number]) * 32)
    for number, (name, kind) in enumerate(
        {"a": notes.COSIGNATURE, "b": notes.MLDSA44, "c": notes.COSIGNATURE, "d": notes.COSIGNATURE}.items()
    )
}
POLICY = f"""# What members and auditors agreed on.
log {LOG.key} https://log.example/
witness a {WITNESSES["a"].key}
witness b {WITNESSES["b"].key} https://b.example
\twitness c {WITNESSES["c"].key}
witness d {WITNESSES["d"].key}
group members 2 b c d
group both all a members
quorum both
"""


def signed(size=0, root=merkle.EMPTY_ROOT, *, by=(LOG, LOG_PQ), witnesses="", at=1793491200, origin=ORIGIN):  # noqa: PLR0913
    note = checkpoints.sign(Checkpoint(origin, size, root), by, at)
    extra = tuple(checkpoints.cosign(note, WITNESSES[name], at) for name in witnesses)
    return notes.Note(note.text, (*note.signatures, *extra))


def test_a_note_of_the_specification_is_read_and_its_signature_holds():
    """The example of C2SP's own page, with the key that its text names."""
    text = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    key = notes.parse_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = notes.parse(text.encode())
    assert list(checkpoints.verified(note, [key])) == [key]
    assert note.encode() == text.encode()
    with pytest.raises(SignatureError, match="PeterNeumann"):
        checkpoints.verified(notes.Note(note.text + b"!\n", note.signatures), [key])


@pytest.mark.parametrize(
    "signer", [LOG, LOG_PQ, *WITNESSES.values()], ids=lambda each: notes.NAME_BY_TYPE[each.key.type]
)
def test_keys_are_written_and_read_back_and_a_private_one_is_not_shown(signer):
    assert notes.parse_key(str(signer.key)) == signer.key
    assert notes.parse_signer(str(signer)) == signer
    assert signer.seed.hex() not in repr(signer)
    assert "PRIVATE" not in repr(signer)


BAD_KEYS = {
    "no key": "hello",
    "id": str(LOG.key).replace("+", "+00", 1)[:-2],
    "other id": f"x{LOG.key}",
    "type": "name+00000000+CQ==",
    "length": f"name+{notes.Key('name', 1, b'x').id.hex()}+AXg=",
    "empty": "name+00000000+",
    "space": f"a b{LOG.key}",
    "two forms": str(LOG.key)[:-1] + "=",
}


@pytest.mark.parametrize("text", BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_key_that_is_none_is_refused(text):
    with pytest.raises(EvidenceError):
        notes.parse_key(text)


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+x", str(LOG.key), str(LOG)[:-8] + "AAAAAAA=", f"{LOG}x"])
def test_a_private_key_that_is_none_is_refused_and_not_repeated(text):
    with pytest.raises(EvidenceError) as refused:
        notes.parse_signer(text)
    assert text == "" or text.rpartition("+")[2] not in str(refused.value)


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32), st.integers(0, 2**40))
def test_every_type_of_signature_holds_on_its_checkpoint_and_on_no_other(size, root, at):
    note = signed(size, root, witnesses="ab", at=at)
    read = notes.parse(note.encode())
    keys = [LOG.key, LOG_PQ.key, WITNESSES["a"].key, WITNESSES["b"].key]
    assert read == note
    assert checkpoints.parse(read.text) == Checkpoint(ORIGIN, size, root)
    found = checkpoints.verified(read, keys)
    assert list(found) == keys
    assert all(found[key].at_seconds == at for key in keys[1:])
    other = Checkpoint(ORIGIN, size + 1, root).text
    for key in keys:
        with pytest.raises(SignatureError):
            checkpoints.verified(notes.Note(other, read.signatures), [key])


def test_the_time_of_a_cosignature_is_signed():
    note = signed(witnesses="ab")
    for signature in note.signatures[1:]:
        moved = notes.Signature(signature.name, signature.id, bytes(8) + signature.data[8:])
        key = next(k for k in (LOG_PQ.key, WITNESSES["a"].key, WITNESSES["b"].key) if k.id == signature.id)
        with pytest.raises(SignatureError):
            checkpoints.verified(notes.Note(note.text, (moved,)), [key])
        with pytest.raises(SignatureError):
            checkpoints.verified(notes.Note(note.text, (notes.Signature(key.name, key.id, b"x"),)), [key])


GOOD = signed().encode()
BAD_NOTES = {
    "nothing": b"",
    "no signature": b"text\n\n",
    "no empty line": GOOD.replace(b"\n\n", b"\n"),
    "no last newline": GOOD[:-1],
    "control character": GOOD.replace(b"pool", b"po\rl"),
    "tab": GOOD.replace(b"pool", b"po\tl"),
    "not UTF-8": GOOD.replace(b"pool", b"po\xffl"),
    "a hyphen": GOOD.replace("\u2014".encode(), b"-"),
    "no base64": GOOD[:-3] + b"?=\n",
    "short": b"text\n\n\xe2\x80\x94 name AAAA\n",
    "too many": b"text\n\n" + b"\xe2\x80\x94 name AAAAAAAA\n" * (notes.SIGNATURES_MAX + 1),
}


@pytest.mark.parametrize("data", BAD_NOTES.values(), ids=BAD_NOTES)
def test_a_note_that_is_none_is_refused(data):
    with pytest.raises(EvidenceError):
        notes.parse(data)


ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
BAD_CHECKPOINTS = [
    f"{ORIGIN}\n01\n{ROOT}\n", f"{ORIGIN}\n-1\n{ROOT}\n", f"{ORIGIN}\n\u0661\n{ROOT}\n", f"{ORIGIN}\n1\nAAAA\n",
    f"{ORIGIN}\n1\n{ROOT}\nmore\n", f"{ORIGIN}\n1\n{ROOT}", f"\n1\n{ROOT}\n", f"{ORIGIN}\n1\n",
    f"{ORIGIN}\n1_0\n{ROOT}\n",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_CHECKPOINTS)
def test_a_checkpoint_that_is_none_is_refused(text):
    with pytest.raises(EvidenceError):
        checkpoints.parse(text.encode())


@pytest.mark.parametrize(
    ("witnesses", "good"), [("abc", True), ("acd", True), ("ab", False), ("bcd", False), ("", False), ("abcd", True)]
)
def test_a_checkpoint_counts_when_the_quorum_has_cosigned(witnesses, good):
    read = policy.parse(POLICY)
    data = signed(witnesses=witnesses).encode()
    if good:
        accepted = read.accept(data)
        assert accepted.cosigned_at == dict.fromkeys(witnesses, 1793491200)
        assert accepted.checkpoint.size == 0
    else:
        with pytest.raises(EvidenceError, match="the quorum 'both' has not cosigned"):
            read.accept(data)


def test_what_no_log_of_the_policy_has_signed_does_not_count():
    read = policy.parse(POLICY)
    with pytest.raises(EvidenceError, match="no key of the log"):
        read.accept(signed(by=(LOG_PQ,), witnesses="abc").encode())
    with pytest.raises(EvidenceError, match="is no log of this policy"):
        read.accept(signed(origin="other.example/log", witnesses="abc").encode())
    forged = GOOD.replace(b"\n0\n", b"\n1\n")
    with pytest.raises(SignatureError):
        read.accept(forged)


def test_a_policy_without_witnesses_says_so():
    read = policy.parse(f"log {LOG.key}\nquorum none\n")
    assert read.accept(GOOD).cosigned_at == {}


A, B = str(WITNESSES["a"].key), str(WITNESSES["b"].key)
BAD_POLICIES = {
    "no quorum": f"log {LOG.key}",
    "two quorums": "quorum none\nquorum none",
    "unknown word": "quorum none\nfriends 3",
    "unknown name": "quorum nobody",
    "a witness's key for a log": f"log {A}\nquorum none",
    "a log's key for a witness": f"witness x {LOG.key}\nquorum x",
    "the same log twice": f"log {LOG.key}\nlog {LOG.key}\nquorum none",
    "the same key twice": f"witness x {A}\nwitness y {A}\nquorum x",
    "the same name twice": f"witness x {A}\nwitness x {B}\nquorum x",
    "the name none": f"witness none {A}\nquorum none",
    "a group before its member": f"group g any x\nwitness x {A}\nquorum g",
    "a member twice": f"witness x {A}\ngroup g any x\ngroup h any x\nquorum h",
    "a threshold of none": f"witness x {A}\ngroup g 0 x\nquorum g",
    "a threshold above": f"witness x {A}\ngroup g 2 x\nquorum g",
    "no number": f"witness x {A}\ngroup g most x\nquorum g",
    "an empty group": "group g any\nquorum g",
    "carriage return": "quorum none\r\n",
}


@pytest.mark.parametrize("text", BAD_POLICIES.values(), ids=BAD_POLICIES)
def test_a_policy_that_is_wrong_is_refused(text):
    with pytest.raises(EvidenceError, match="policy"):
        policy.parse(text)


def test_a_commitment_opens_to_one_row_with_one_salt():
    salt, other = commitments.new_salt(), commitments.new_salt()
    assert commitments.entry(salt, b"row") == commitments.entry(salt, b"row")
    assert len({commitments.entry(salt, b"row"), commitments.entry(salt, b"ro"), commitments.entry(other, b"row")}) == 3
    with pytest.raises(EvidenceError):
        commitments.entry(salt + b"r", b"ow")


def test_a_proof_stands_alone_and_a_changed_one_does_not():
    salts = [bytes([number]) * 32 for number in range(11)]
    entries = [commitments.entry(salt, b"row %d" % number) for number, salt in enumerate(salts)]
    leaves = [merkle.leaf_hash(entry) for entry in entries]

    def node(level, index):
        return merkle.root_of(leaves[index << level : (index + 1) << level])

    note = signed(11, merkle.root_of(leaves), witnesses="abc").encode()
    proof = proofs.Proof(4, salts[4], b"row 4", tuple(merkle.inclusion(node, 4, 11)), note)
    data = proofs.encode(proof)
    assert proofs.decode(data) == proof
    assert proofs.check(proof, policy.parse(POLICY)).checkpoint.size == 11
    for changed in (
        data.replace(b"index 4", b"index 5"), data.replace(b"extra ", b"extra AAAA"), data.replace(b"index 4\n", b""),
        data.replace(b"@v1", b"@v2"), data.replace(b"\n11\n", b"\n12\n"), data.replace(b"index 4", b"index 04"),
        b"", b"\xff",
    ):  # fmt: skip
        with pytest.raises(EvidenceError):
            proofs.check(proofs.decode(changed), policy.parse(POLICY))
