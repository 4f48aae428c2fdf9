"""The bench of the node agent: it runs, and asks what a kubelet asks."""

from hanse.bench import node_agent


def test_all_slices_are_offered_and_given_out_with_their_folders():
    report = node_agent.run(0.02)
    assert {"gpus": 8, "pods": 32, "requests": 80, "seconds": 1.2} == report.inputs
    figures = report.figures
    assert 0 < figures["allocate_ms_p50"] <= figures["allocate_ms_p99"] <= figures["allocate_ms_max"]
    assert figures["core_percent"] > 0
    assert 2 == len(report.gates)
