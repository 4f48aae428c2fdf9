"""One colour for each policy, the same in all pictures; ours is the widest line, and hides none."""

from typing import Any

OURS = "hanse"
COLOURS = {
    OURS: "#0b5fff", "kueue": "#d1495b", "kueue-strict": "#8d3b4a", "pool-skip": "#2e8b57", "pool": "#7fb069",
    "easy": "#b07d2b", "priority": "#6a4c93", "static-skip": "#555555", "static": "#999999", "srtf-bound": "#bbbbbb",
    "kube-least": "#1b9aaa", "kube-most": "#06606b", "kueue-stops": "#f28482",
    "kueue-strict-stops": "#c08497", "hanse-no-borrowing": "#7aa5ff",
    "hanse-no-reservations": "#003c9e", "hanse-no-run-times": "#00a3ff", "hanse-no-checkpoints": "#5b6fd8",
    "hanse-rigid": "#3aa6d0",
}  # fmt: skip


def line(policy: str) -> dict[str, Any]:
    """Return how the line of *policy* is drawn."""
    return {
        "label": policy,
        "color": COLOURS[policy],
        "linewidth": 3 if policy == OURS else 1.5,
        "linestyle": ":" if policy == "srtf-bound" else "-",
        "zorder": 2 if policy == OURS else 2.5,
    }
