"""Servers with GPUs that can be shared, and what is free on them while pods arrive.

In: what each server has, and what each kind of pod asks for. Out: which servers can take a kind, and what is left when
one has. Nothing ever leaves: a server that cannot take a kind of pod never can again, so that each kind's servers are
only ever fewer. GPUs are counted in thousandths; a pod holds a part of one GPU, or whole GPUs of one server.

Rows of servers are in an order drawn from the seed of a run, so that whoever takes the first of equals takes any.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]
MILLI = 1000
SLOTS = 8
"""The most GPUs that a server has."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a pod asks for: *milli* of each of its *gpus*; any of *models*, or, if there are none, any at all."""

    cpu_milli: int
    memory_mib: int
    gpus: int
    milli: int
    models: frozenset[str] = frozenset()

    @property
    def gpu_milli(self) -> int:
        """What it asks of all its GPUs together."""
        return self.gpus * self.milli

    @property
    def size(self) -> tuple[int, int, int, int]:
        """What it asks for, wherever it may go."""
        return self.cpu_milli, self.memory_mib, self.gpus, self.milli

    @property
    def bare(self) -> "Kind":
        """The same, whatever memory it asks for."""
        return replace(self, memory_mib=0)

    @property
    def whole(self) -> "Kind":
        """The same on whole GPUs, for who cannot share them."""
        return replace(self, milli=MILLI if self.gpus else 0)


@dataclass(frozen=True, slots=True)
class Servers:
    """One row a server: its processors, memory, GPUs and their model, an index into *models*."""

    models: Sequence[str]
    model: Integers
    cpu_milli: Integers
    memory_mib: Integers
    gpus: Integers

    @property
    def gpu_milli(self) -> int:
        """All GPUs."""
        return MILLI * int(self.gpus.sum())

    def allowed(self, kind: Kind) -> Truths:
        """Return of each model of GPU whether pods of *kind* may use it."""
        return np.array([not kind.models or model in kind.models for model in self.models])

    def reordered(self, order: Sequence[int]) -> "Servers":
        """Return the same servers in another order."""
        rows = np.array(order)
        return Servers(self.models, self.model[rows], self.cpu_milli[rows], self.memory_mib[rows], self.gpus[rows])


class Room:
    """What is free on each server."""

    def __init__(self, servers: Servers, kinds: Sequence[Kind]) -> None:
        self.servers = servers
        self.kinds = kinds
        self.cpu_milli = servers.cpu_milli.copy()
        self.memory_mib = servers.memory_mib.copy()
        self.gpu_milli: Integers = np.where(np.arange(SLOTS) < servers.gpus[:, None], MILLI, 0)
        """By server and GPU."""
        self._able = [np.flatnonzero(servers.allowed(kind)[servers.model]) for kind in kinds]

    def able(self, kind: int) -> Integers:
        """Return the rows of the servers that can take a pod of *kind*, rising."""
        asked, rows = self.kinds[kind], self._able[kind]
        if not len(rows):
            return rows
        fits = (self.cpu_milli[rows] >= asked.cpu_milli) & (self.memory_mib[rows] >= asked.memory_mib)
        if asked.gpus:
            fits &= (self.gpu_milli[rows] >= asked.milli).sum(axis=1) >= asked.gpus
        self._able[kind] = rows = rows[fits]
        return rows

    def take(self, kind: int, server: int, gpus: Integers) -> None:
        """Put a pod of *kind* on these *gpus* of *server*."""
        asked = self.kinds[kind]
        self.cpu_milli[server] -= asked.cpu_milli
        self.memory_mib[server] -= asked.memory_mib
        self.gpu_milli[server, gpus] -= asked.milli
