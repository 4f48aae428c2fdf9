"""The whole path on a machine with a real GPU that is offline and has no container runtime: `make hardware`.

In: a pack that `make hardware-pack` made elsewhere (:mod:`~hanse.cli.hardware.packing`), and the checkout. Out: claims
and figures, in a handful of files. `unpack` begins, with nothing but Python's standard library; `command` plays the
steps: `machine` looks at what is there, `pool` brings up a hub and a member with its agents, `sharing` runs two jobs
on one GPU, `behind_mps` one more, `books` compares the ledger with the driver. `report` writes what is known so far
after each step, so that a run that is cut off has said what it could. No setting of a GPU is ever changed.
"""
