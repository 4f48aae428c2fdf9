"""`hanse demo`: a pool on this machine, shown step by step.

In: the examples and the chart of the checkout. Out: a running development cluster with five members, told as it
happens, each claim checked against what the API server, a node or the ledger says. With ``--check`` it needs nobody: it
ends by itself, and its exit status says whether every claim held. What it shows is what users will see: it does nothing
that they could not do with `kubectl` and `hanse`, but that it meters in short slots (`hub`) and closes the hour before
it is over, in a copy of the ledger (`books`). The modules, in the order of the story:

- `command` starts and ends it; `stage` is where it is told, `guest` the short form in somebody else's cluster
- `refusals`: what the API server's rules refuse
- `hub`, `storage`, `members`: the processes, an S3 server, five members and their clusters
- `jobs`, `gangs`: jobs that run, wait, borrow and are stopped; `pictures` draws the nodes
- `helm`: something else: the charts, as docs/quickstart.md installs them
- `books`: metering, the ledger and its audit
"""

from hanse.cli.demo.command import demo

__all__ = ["demo"]
