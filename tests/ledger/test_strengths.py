"""C5: an auditor sees that only workers beyond an elastic gang's core make room for whoever is not stronger."""

from types import SimpleNamespace

import pytest

from hanse.ledger.verify import decided

BORROWS = {"label": "BORROW", "cover": -1, "tierRank": 10}
HOME = {"label": "HOME", "cover": 0, "tierRank": 10}


def decision(number, **body):
    said = {"term": 1, "cycle": number, "effect": "keep", "kind": "Resize"} | body
    return SimpleNamespace(id=f"d{number}", sequence=number, body=said, where=f"decision {number}", carried=False)


def findings(*, nodes, strength=HOME):
    """Return what is found if a gang with 8 GPUs of node n as its core is left *nodes* for a borrower."""
    rows = [
        decision(1, kind="Admit", effect="admit", attempt="elastic", strength=strength, nodes={"n": 8000}),
        decision(2, attempt="elastic", nodes={"n": 8000, "m": 4000}),
        decision(3, kind="Admit", effect="admit", attempt="other", strength=BORROWS, nodes={"m": 4000}),
        decision(4, attempt="elastic", nodes=nodes, cause="d3", cycle=3),
    ]
    return [finding.message for finding in decided._strengths(SimpleNamespace(decisions=rows))]


def test_a_borrower_may_have_workers_beyond_the_core():
    assert findings(nodes={"n": 8000}) == []


@pytest.mark.parametrize("nodes", [{}, {"n": 4000, "m": 4000}, {"m": 8000}])
def test_nobody_takes_a_part_of_the_core(nodes):
    assert findings(nodes=nodes) == ["decision d4 stops elastic for d3, which is not stronger"]
