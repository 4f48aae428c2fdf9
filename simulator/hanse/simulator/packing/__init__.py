"""Packing alone: pods arrive one after another, none ever leaves, and what counts is how much of the GPUs they get.

Servers of several models and kinds of pods come from a trace (`openb`) or from a seed (`generated`); `arrivals` draws
in which order pods come, and more of them than there is room for. `playing` asks one of `policies` where each goes:
baselines, each with its source, and ours, `policies.hanse`. `comparing` names them and gives figures over seeds,
`reports` draws them. There is no time here, no queue and no gang: that is what the rest of the simulator is for.
"""
