"""Shrinking: labels fall where something outside took entitlement or a home away: a node, a recall, a policy.

In: the accounts at the start of a cycle, and the parts that run. Out: who fell, and from where. Nothing is stopped
here, and no GPU moves. Next: `running` records each fall, and lets others rise.

The member's level comes first: who keeps its cover there can fall below without losing it. Within an account the
weakest falls first, then the youngest; at the member's level those on the member's own nodes come last, and the
arithmetic of entitlement never reaches them. A weaker label is charged to a subset of the same accounts, or to those
that have room: no fall overdraws what was not overdrawn before.
"""

from collections.abc import Iterator

import numpy as np

from hanse.scheduler.accounts import Accounts, Moved
from hanse.scheduler.catalogue import Catalogue
from hanse.scheduler.columns import Integers
from hanse.scheduler.parts import Parts
from hanse.scheduler.pool import Rung
from hanse.scheduler.rules import Rules


class Shrinking:
    """One cycle's falls before anything else is decided."""

    def __init__(self, catalogue: Catalogue, parts: Parts, rules: Rules, accounts: Accounts) -> None:
        self._catalogue, self._parts, self._rules, self._accounts = catalogue, parts, rules, accounts

    def run(self) -> list[Moved]:
        """Let parts fall until nothing is overdrawn; return them in their order."""
        moved: list[Moved] = []
        parts, accounts = self._parts, self._accounts
        for part in np.flatnonzero(parts.live & (parts.rung == Rung.HOME) & ~parts.at_home).tolist():
            moved.append((part, accounts.label_of(part)))
            accounts.charge(part, -1)
            accounts.label(part, Rung.AWAY, int(parts.cover[part]))
        moved += [accounts.fall(part) for part in sorted(parts.donors) if self._is_given_too_little(part)]
        overdrawn = [name for name, used in enumerate(accounts.used) if used > accounts.limit[name]]
        for name in sorted(overdrawn, key=self._depth):
            moved += self._account(name)
        return sorted(dict(reversed(moved)).items())  # who fell more than once is from where it was first

    def _is_given_too_little(self, part: int) -> bool:
        """Return whether classes are worth something else than when they gave for *part*."""
        raw, parts = self._catalogue.raw, self._parts
        given = sum(milli * raw[accelerator] for accelerator, milli in parts.donors[part])
        need = int(parts.milli_gpus[part]) * raw[int(parts.accelerator[part])]
        return not 0 < need <= given

    def _depth(self, account: int) -> int:
        """Return an organisation's depth; tiers' shares and grants count as below all organisations."""
        depth = self._catalogue.depth
        is_organisation = account < self._accounts.first_tier
        return depth[account // len(self._catalogue.accelerators)] if is_organisation else len(depth)

    def _account(self, account: int) -> Iterator[Moved]:
        accounts = self._accounts
        for part in self._in_line(account).tolist():
            if accounts.used[account] <= accounts.limit[account]:
                break
            yield accounts.fall(part)

    def _in_line(self, account: int) -> Integers:
        parts, live = self._parts, np.flatnonzero(self._parts.live)
        candidates = self._rules.weakest_first(live[self._accounts.charged(account, live) > 0])
        if self._depth(account):
            return candidates
        on_own = parts.on_own[candidates] & (parts.rung[candidates] != Rung.EXCHANGE)
        return np.concatenate([candidates[~on_own], candidates[on_own]])
