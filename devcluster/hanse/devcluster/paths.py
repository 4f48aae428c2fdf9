"""Where things lie: everything under one folder of the user's cache, nothing in the checkout.

`bin/` holds built binaries, `images/` container images, `clusters/NAME/` one running cluster each. The first two may
be deleted at any time and are made again; a cluster's folder is deleted by :mod:`hanse.devcluster.teardown` only.
"""

import os
from pathlib import Path

from hanse.devcluster.errors import DevclusterError


def cache() -> Path:
    """Return Hanse's folder in the user's cache, as the XDG base directory specification has it."""
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative path is invalid there, and is to be ignored.
    return (configured if configured.is_absolute() else Path.home() / ".cache") / "hanse"


def binaries() -> Path:
    """Return the folder of built binaries, made if needed."""
    return _made(cache() / "bin")


def images() -> Path:
    """Return the folder of container images, made if needed."""
    return _made(cache() / "images")


def clusters() -> Path:
    """Return the folder that holds a folder for each cluster, made if needed."""
    return _made(cache() / "clusters")


def sources() -> Path:
    """Return the `devcluster/` folder of the checkout, which holds the Go modules and the image's recipe.

    Raises:
        DevclusterError: Hanse was installed as a wheel, which does not carry them.

    """
    root = Path(__file__).resolve().parents[2]
    if not (root / "controlplane" / "go.mod").is_file():
        raise DevclusterError("devcluster builds its binaries from a checkout of Hanse: run it there, not from a wheel")
    return root


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
