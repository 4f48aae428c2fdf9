"""Witnesses cosign what continues what they have seen, and nothing else: a log that shows two faces is caught."""

import http.client
import subprocess
import sys
import threading
from http import HTTPStatus

import pytest
from dying import whoever_dies
from hypothesis import given
from hypothesis import strategies as st
from sealed import sealable, serving

from hanse.evidence import checkpoints, merkle, notes, policy, witnessing
from hanse.evidence.checkpoints import Checkpoint
from hanse.ledger import cosigning, export, signing, verify, witness
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import Sealer

ORIGIN = "pool.example/ledger"
LOG = notes.signer(ORIGIN, notes.ED25519, bytes([1]) * 32)
STRANGER = notes.signer(ORIGIN, notes.ED25519, bytes([2]) * 32)
SIGNERS = {
    "auditor": notes.signer("auditor.example/w", notes.COSIGNATURE, bytes([3]) * 32),
    "member": notes.signer("member.example/w", notes.MLDSA44, bytes([4]) * 32),
}
LOG_LINE = f"log {LOG.key}\n"
POLICY = policy.parse(f"{LOG_LINE}quorum none\n")
HONEST = [merkle.leaf_hash(b"row %d" % number) for number in range(40)]
FORKED = [*HONEST[:5], merkle.leaf_hash(b"another row 5"), *HONEST[6:]]


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """Wait for witnesses as long as a slow machine may need."""
    monkeypatch.setattr(cosigning, "SECONDS_MAX", 240)


def node(leaves):
    return lambda level, index: merkle.root_of(leaves[index << level : (index + 1) << level])


def request(size, old, leaves=HONEST, by=LOG, proof=None):
    note = checkpoints.sign(Checkpoint(ORIGIN, size, merkle.root_of(leaves[:size])), [by], 0)
    made = merkle.consistency(node(leaves), old, size) if proof is None and old <= size else proof or []
    return witnessing.encode(old, made, note)


@pytest.fixture(name="make_witness")
def _make_witness(tmp_path):
    return lambda name="auditor": witness.Witness(tmp_path / name, POLICY, SIGNERS[name])


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans()), max_size=12))
def test_whatever_is_asked_all_that_one_witness_cosigns_is_one_log(asked):
    """An independent model: sizes never fall, and each root is that of a tree that begins with the one before."""
    seen, faces = None, set()
    for size, old, is_forked in asked:
        leaves = FORKED if is_forked else HONEST
        answer = witnessing.answer(request(size, old, leaves), seen, POLICY, SIGNERS["auditor"], 7)
        good = old == (seen.size if seen else 0) and old <= size
        before = (FORKED if seen.root == merkle.root_of(FORKED[: seen.size]) else HONEST)[:old] if seen else []
        continues = seen is None or leaves[:old] == before or seen.root == merkle.root_of(leaves[:old])
        assert (answer.status is HTTPStatus.OK) == (good and continues), (size, old, answer)
        if answer.cosigned:
            seen = answer.cosigned
            if seen.size > 5:
                faces.add(is_forked)
    assert len(faces) < 2


def test_a_witness_says_what_the_protocol_says(make_witness):
    one = make_witness()
    assert (HTTPStatus.OK, HTTPStatus.OK) == (one.add(request(10, 0)).status, one.add(request(20, 10)).status)
    stale = one.add(request(30, 10))
    assert (stale.status, stale.body, stale.type) == (HTTPStatus.CONFLICT, "20\n", "text/x.tlog.size")
    other = checkpoints.sign(Checkpoint("other.example", 1, bytes(32)), [LOG], 0)
    table = {
        witnessing.encode(0, [], other): HTTPStatus.NOT_FOUND,
        request(30, 20, by=STRANGER): HTTPStatus.FORBIDDEN,
        request(30, 20).replace(b"\n30\n", b"\n31\n"): HTTPStatus.FORBIDDEN,
        request(10, 20): HTTPStatus.BAD_REQUEST,
        request(30, 20, proof=[bytes(32)]): HTTPStatus.UNPROCESSABLE_ENTITY,
        request(20, 20, FORKED): HTTPStatus.UNPROCESSABLE_ENTITY,
        b"old 1\n": HTTPStatus.BAD_REQUEST,
        b"old 01\n\n" + other.encode(): HTTPStatus.BAD_REQUEST,
        b"old 0\n" + b"AAAA\n" * 64 + b"\n" + other.encode(): HTTPStatus.BAD_REQUEST,
        b"\xff\n\nx": HTTPStatus.BAD_REQUEST,
    }
    for data, status in table.items():
        assert (data, status) == (data, one.add(data).status)
    assert one.add(request(20, 20)).status is HTTPStatus.OK  # the same again, with a time of now


def test_what_was_cosigned_is_on_disk_before_it_is_answered(make_witness, monkeypatch):
    one = make_witness()
    one.add(request(10, 0))

    def full(_file, _data):
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(witness, "write", full)
        with pytest.raises(OSError, match="no space"):
            one.add(request(20, 10))
    again = make_witness()  # as after a restart
    assert again.add(request(30, 0)).body == "10\n"
    assert again.add(request(20, 10, FORKED)).status is HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_refused_checkpoint_is_kept_as_evidence_with_what_it_contradicts(make_witness, tmp_path):
    one = make_witness()
    one.add(request(10, 0))
    one.add(request(20, 10, FORKED))
    (kept,) = [file for file in (tmp_path / "auditor").rglob("*") if file.parent.suffix == ".evidence"]
    before, _, after = kept.read_bytes().partition(b"\n--\n")
    for data, leaves, size in ((before, HONEST, 10), (witnessing.decode(after).note.encode(), FORKED, 20)):
        note = notes.parse(data)
        assert list(checkpoints.verified(note, [LOG.key])) == [LOG.key]
        assert checkpoints.parse(note.text).root == merkle.root_of(leaves[:size])


def test_good_checkpoints_with_proofs_that_are_none_leave_room_for_evidence(make_witness, tmp_path):
    one = make_witness()
    one.add(request(10, 0))
    for number in range(1, 5):
        one.add(request(20, 10, proof=[bytes([number]) * 32]))
    kept = tmp_path / "auditor"
    assert 1 == len([file for file in kept.rglob("*") if file.parent.suffix == ".evidence"])
    assert one.add(request(20, 10)).status is HTTPStatus.OK
    assert not [file for file in kept.rglob("*") if file.parent.suffix == ".evidence"]


def test_a_witness_that_dies_at_any_step_comes_back_with_what_it_said_and_says_nothing_else(tmp_path):
    """Cosigning the first checkpoint, the next one that it had refused, and keeping what another log face is."""
    evidence = []

    def come_back(size, leaves=HONEST, old=None, proof=None):
        """Ask as a sealer does whose witness died: if it knows of more, from there on."""
        one = witness.Witness(tmp_path / "auditor", POLICY, SIGNERS["auditor"])
        answer = one.add(request(size, size - 10 if old is None else old, leaves, proof=proof))
        if answer.status is HTTPStatus.CONFLICT and int(answer.body) == size:
            answer = one.add(request(size, size, leaves))
        return answer.status

    def knows(*sizes):
        """It has one of these of the honest log, whole, and whatever is kept as evidence is that."""
        for file in sorted_files(tmp_path / "auditor"):
            if file.parent.suffix == ".evidence":
                before, _, after = file.read_bytes().partition(b"\n--\n")
                evidence.append(witnessing.decode(after).note.text)
            else:
                before = file.read_bytes()
            seen = checkpoints.parse(notes.parse(before).text)
            assert seen.size in sizes
            assert seen.root == merkle.root_of(HONEST[: seen.size])

    def cosigns(size):
        assert come_back(size) is HTTPStatus.OK

    def refuses():
        assert come_back(20, FORKED, old=20, proof=[]) is HTTPStatus.UNPROCESSABLE_ENTITY

    assert whoever_dies(None, lambda: cosigns(10), lambda: knows(10)) > 3
    assert come_back(20, proof=[bytes(32)]) is HTTPStatus.UNPROCESSABLE_ENTITY
    assert len(sorted_files(tmp_path / "auditor")) == 2
    assert whoever_dies(None, lambda: cosigns(20), lambda: knows(10, 20)) > 3
    assert len(sorted_files(tmp_path / "auditor")) == 1, "what was cosigned after all is kept as evidence"
    evidence.clear()
    assert whoever_dies(None, refuses, lambda: knows(20)) > 2
    assert len(set(evidence)) == 1
    assert come_back(30) is HTTPStatus.OK


def sorted_files(folder):
    """Return what a witness keeps, without what it was writing when it died."""
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".part")


def running(folder, name):
    return serving(witness.Witness(folder / name, POLICY, SIGNERS[name]))


def post(url, body, path="/add-checkpoint"):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=240)
    connection.request("POST", path, body)
    with connection.getresponse() as answer:
        connection.close()
        return answer.status


def test_requests_at_once_are_answered_one_after_the_other(tmp_path):
    """The race that the protocol warns of: of many that continue the same size, one is cosigned."""
    with running(tmp_path, "auditor") as url:
        statuses = []

        def send(size):
            statuses.append(post(url, request(size, 0)))

        threads = [threading.Thread(target=send, args=[size]) for size in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] + [409] * 7
        assert post(url, b"x", "/elsewhere") == 404
        assert post(url, bytes(witness.REQUEST_BYTES_MAX + 1)) == 400


@pytest.fixture(name="pool", scope="module")
def _pool(make_world):
    world = make_world()
    with sealable(world) as pool:
        yield pool


def deed(urls):
    """Return a policy: both must cosign."""
    lines = [f"witness {name} {SIGNERS[name].key} {url}" for name, url in urls.items()]
    return policy.parse("\n".join([LOG_LINE.strip(), *lines, "group both all auditor member", "quorum both"]))


def test_a_sealed_ledger_is_cosigned_exported_and_final_and_a_split_view_is_caught(pool, tmp_path):
    """Through real servers: a witness that was down is asked again; who forks the log gets no cosignature."""
    with running(tmp_path, "auditor") as auditor:
        trusted = deed({"auditor": auditor, "member": "http://127.0.0.1:1"})
        sealer = Sealer(pool.sealer, trusted, signing.KeyFile((LOG,)), Folder(tmp_path / "log"))
        sealer.round()
        with pytest.raises(ValueError, match="the quorum 'both' has not cosigned the checkpoint: auditor has"):
            trusted.accept(sealer.folder.read("checkpoint"))
        with running(tmp_path, "member") as member:
            trusted = deed({"auditor": auditor, "member": member})
            sealer = Sealer(pool.sealer, trusted, signing.KeyFile((LOG,)), Folder(tmp_path / "log"))
            sealer.round()  # nothing is new, and yet the missing one is asked
            assert trusted.accept(sealer.folder.read("checkpoint")).cosigned_at.keys() == {"auditor", "member"}
            pool.super.execute("INSERT INTO ledger.levy (node, start_seconds, levied) VALUES ('a', 0, true)")
            assert sealer.round() == 1
            size = trusted.accept(sealer.folder.read("checkpoint")).checkpoint.size
            export.export(pool.auditor, "2026-11", tmp_path / "export")
            verdict = verify.verify(tmp_path / "export", policy=trusted)
            assert [str(each) for each in verdict.findings] == []
            assert verdict.log.cosigned_at.keys() == {"auditor", "member"}
            fork = checkpoints.sign(Checkpoint(ORIGIN, size, merkle.root_of(HONEST[:size])), [LOG], 0)
            asked = cosigning.ask(fork, trusted.witnesses, sealer.folder.read)
            assert (asked.signatures, {*asked.refused}) == ((), {"auditor", "member"})
            assert all("422" in why for why in asked.refused.values())
    assert len([file for file in tmp_path.rglob("*") if file.parent.suffix == ".evidence"]) == 2


def test_a_sealer_that_dies_before_or_after_it_asked_is_followed_by_one_that_asks_again(pool, tmp_path):
    """What witnesses have said is stored and published whoever died meanwhile; each signs one log."""
    folder = Folder(tmp_path / "log")
    with running(tmp_path, "auditor") as auditor, running(tmp_path, "member") as member:
        trusted = deed({"auditor": auditor, "member": member})

        def seal():
            Sealer(pool.sealer, trusted, signing.KeyFile((LOG,)), folder).round()

        for number in range(2):
            pool.super.execute("INSERT INTO ledger.levy (node, start_seconds, levied) VALUES ('b', %s, true)", [number])
            assert whoever_dies(pool.sealer, seal, files=False) > 5
            assert trusted.accept(folder.read("checkpoint")).cosigned_at.keys() == {"auditor", "member"}
    assert not list(tmp_path.rglob("*.evidence"))


def test_the_process_serves_until_told_to_end(tmp_path):
    (tmp_path / "policy").write_text(f"{LOG_LINE}quorum none\n")
    hanse = [sys.executable, "-P", "-m", "hanse.cli.main", "witness"]
    made = subprocess.run(
        [*hanse, "key", "w.example", "--out", str(tmp_path / "key")], capture_output=True, text=True, check=True
    )
    assert notes.parse_key(made.stdout.split()[2]).type == notes.COSIGNATURE
    arguments = [f"--policy={tmp_path}/policy", f"--key-file={tmp_path}/key", f"--state={tmp_path}/state", "--port=0"]
    with subprocess.Popen([*hanse, "serve", *arguments], stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[-1]
        assert (200, 422) == (post(url, request(9, 0)), post(url, request(9, 9, FORKED)))
        process.terminate()
        assert process.wait() == 0
    (tmp_path / "key").write_text(f"{LOG}\n")
    refused = subprocess.run([*hanse, "serve", *arguments], capture_output=True, text=True, check=False)
    assert (refused.returncode, "holds no key of a witness" in refused.stderr) == (1, True)
