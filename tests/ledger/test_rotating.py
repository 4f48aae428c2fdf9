"""The log's keys change: old and new checkpoints verify, witnesses go on, and who was not told refuses what is new."""

import pytest
from played import PERIOD
from sealed import ORIGIN, sealers, serving

from hanse.evidence import notes, policy
from hanse.ledger import export, signing, verify, witness
from hanse.ledger.publishing import Folder
from hanse.ledger.sealer import Sealer

WITNESS = notes.signer("auditor.example/w", notes.COSIGNATURE, bytes([3]) * 32)
BEFORE, AFTER = (
    {kind: notes.signer(ORIGIN, kind, bytes([number + kind]) * 32) for kind in (notes.ED25519, notes.MLDSA44)}
    for number in (10, 20)
)


class Pool:
    """A ledger whose log is sealed in steps, with a witness in its policy."""

    def __init__(self, world, folder):
        self.world, self.folder = world, folder

    def policy(self, *keys, url=""):
        logs = "".join(f"log {each.key}\n" for each in keys)
        return policy.parse(f"{logs}witness w {WITNESS.key} {url}\nquorum w\n")

    def step(self, policy_of_sealer, policy_of_witness, *signers):
        """Record a row, seal it with these keys, and return the checkpoint."""
        self.world.super.execute("SELECT ledger.set_levy('n', (SELECT count(*) FROM ledger.levy), true)")
        one = witness.Witness(self.folder / "witness", policy_of_witness, WITNESS)
        with serving(one) as url, sealers(self.world) as engine:
            whole = self.policy(*policy_of_sealer.logs, url=url)
            Sealer(engine, whole, signing.KeyFile(signers), Folder(self.folder / "log")).round()
        return (self.folder / "log" / "checkpoint").read_bytes()


@pytest.mark.parametrize("kinds", [(notes.ED25519,), (notes.MLDSA44,), (notes.ED25519, notes.MLDSA44)])
def test_keys_change_step_by_step_and_no_reader_who_was_told_is_left_behind(world, tmp_path, kinds):
    """As the auditor's guide says: a policy with both, then the new key signs, then a policy without the old one."""
    pool = Pool(world, tmp_path)
    old, new = [*BEFORE.values()], [AFTER[kind] if kind in kinds else BEFORE[kind] for kind in BEFORE]
    told_old, told_both, told_new = (pool.policy(*keys) for keys in (old, {**dict.fromkeys(old + new)}, new))
    steps = [
        pool.step(told_old, told_old, *old),
        pool.step(told_both, told_both, *old),
        pool.step(told_both, told_both, *new),
        pool.step(told_new, told_new, *new),
    ]
    sizes = [told_both.accept(each).checkpoint.size for each in steps]
    assert sizes == sorted(set(sizes))
    for each in steps:
        assert told_both.accept(each).cosigned_at
    for each in steps[:2]:
        assert told_old.accept(each)
    for each in steps[2:]:
        assert told_new.accept(each)
    if len(kinds) == len(BEFORE):  # else one of the two keys is the same, and known to both
        for stranger, which in ((told_old, steps[2:]), (told_new, steps[:2])):
            for each in which:
                with pytest.raises(ValueError, match="log"):
                    stranger.accept(each)
    export.export(world.auditor, PERIOD, tmp_path / "export")
    assert verify.verify(tmp_path / "export", policy=told_new).findings == ()
    assert verify.verify(tmp_path / "export", policy=told_both).findings == ()


def test_a_witness_that_was_not_told_of_the_new_key_cosigns_nothing_until_it_is(world, tmp_path, caplog):
    pool = Pool(world, tmp_path)
    old, new = [*BEFORE.values()], [*AFTER.values()]
    told_old, told_both = pool.policy(*old), pool.policy(*old, *new)
    pool.step(told_old, told_old, *old)
    refused = pool.step(told_both, told_old, *new)
    assert "403" in caplog.text
    with pytest.raises(ValueError, match="quorum"):
        told_both.accept(refused)
    accepted = pool.step(told_both, told_both, *new)
    assert told_both.accept(accepted).cosigned_at


def test_the_sealer_refuses_a_key_that_its_policy_does_not_have_yet(world, tmp_path):
    """Who changes the key before the policy is stopped at home, and not by all readers."""
    pool = Pool(world, tmp_path)
    told_old = pool.policy(*BEFORE.values())
    before = pool.step(told_old, told_old, *BEFORE.values())
    with pytest.raises(signing.SigningError, match="a key that its policy does not have"):
        pool.step(told_old, told_old, *AFTER.values())
    assert (tmp_path / "log" / "checkpoint").read_bytes() == before
