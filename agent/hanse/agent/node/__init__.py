"""The node agent: what of a GPU each worker on this node may use, and what it does use.

In: the GPUs, through one interface whoever made them; the kubelet's requests; and from the cluster agent what is placed
on this node (:mod:`hanse.agent.bindings`). Out: devices, refusals of what was not placed here, hints for training
loops, counters of memory and energy. Pure modules decide: `slices`, `allocating`, `checking`, `watermarks`, `hints`,
`attribution`, `spending`. Thin ones do: `nvml`, `ascend`, `simulated`, `numbering`, `plugins`, `kubelet`, `owners`,
`exchange`, `folders`, `starting`, `metrics`; `process` puts them together. It has no right at any API server.
"""
