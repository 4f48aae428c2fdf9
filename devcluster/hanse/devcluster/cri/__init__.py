"""A container runtime for a kubelet on a machine that has none: each container is a plain process of that machine.

In: the kubelet's calls of its Container Runtime Interface, on a socket. Out: processes with the variables, mounts and
logs that the kubelet says, under a user without rights and in a control group of their pod. There are no images: what a
container runs is what the machine has, whatever image it names. Nothing isolates these processes but their user and
their mounts; a pod's network is the machine's. So it is for trials on a machine of one's own, and for nothing else.

`containers` holds what there is, `starting` starts a process, `server` answers the kubelet.
:mod:`hanse.devcluster.processnode` starts it, with a kubelet.
"""
