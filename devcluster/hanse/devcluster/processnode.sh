#!/bin/sh
# The first process of a process node: makes a place of its own for the kubelet, and keeps it and its runtime running.
#
# processnode.py starts it in a new mount namespace, in the cluster's folder. Its processes are the machine's, with the
# machine's numbers, as a GPU's driver knows processes by them: what it leaves is found by the cluster's mark.
set -eu
python=$1 controlplane=$2 address=$3 group=$4
shift 4
node=$PWD/node

# What a kubelet expects in fixed places is ours alone. Other parts of the cluster reach its sockets in the cluster's
# folder. Below /run/hanse the runtime makes the places of what is mounted into containers.
mount -n --bind "$node/kubelet" /var/lib/kubelet
mount -n --bind "$node/log" /var/log
mount -n -t tmpfs -o mode=755 tmpfs /run/hanse
mkdir /run/hanse/settings

. "$node/nodes.sh"
pretend_settings /run/hanse/settings

trap 'exit 1' TERM
keep process-runtime "$python" -P -m hanse.devcluster.cri.server "$node/runtime.sock" "$address" "$group" &
until [ -S "$node/runtime.sock" ]; do
    sleep 0.05
done
keep kubelet "$controlplane" kubelet --config "$node/kubelet.json" "$@"
