"""The process that takes a cluster away when its owner is gone.

In: the cluster's folder as the one argument, and a pipe as standard input whose other end the owner holds. The kernel
closes that end when the owner exits, crashes or is killed with SIGKILL; then :mod:`hanse.devcluster.teardown` runs. An
owner that ends properly takes the cluster away itself, the warden with it.
"""

import sys
from pathlib import Path

from hanse.devcluster import teardown


def main() -> None:
    """Wait for the owner's end, then take its cluster away."""
    sys.stdin.buffer.read()
    teardown.destroy(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
