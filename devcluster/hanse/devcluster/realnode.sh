#!/bin/sh
# The first process of a real node: makes a place of its own for containerd and the kubelet, and keeps both running.
#
# realnode.py starts it in new mount and PID namespaces, in the cluster's folder, with the binary that holds the
# kubelet, and flags for it. When it ends, however it ends, the kernel kills every process and container of the node,
# and with the last of them its mounts and network namespaces are gone. There is nothing to clean up but control groups
# and the bridge, which are in no namespace.
set -eu
controlplane=$1
shift
node=$PWD/node

# What containerd, the CNI plugins and the kubelet expect below /run, /var/lib and /var/log is ours alone. Other parts
# of the cluster reach the kubelet's sockets, for example of device plugins, in the cluster's folder.
mount -n -t tmpfs -o mode=755 tmpfs /run
mount -n -t tmpfs -o mode=755 tmpfs /var/lib
mkdir -p /run/tmp /var/lib/kubelet /var/lib/containerd
mount -n --bind "$node/kubelet" /var/lib/kubelet
mount -n --bind "$node/containerd" /var/lib/containerd
mount -n --bind "$node/log" /var/log
export TMPDIR=/run/tmp

. "$node/nodes.sh"
pretend_settings /run/tmp
# To the kubelet each start of the node is a boot of it; containers have a /proc of their own, with this machine's.
cat /proc/sys/kernel/random/uuid > "$node/boot-id"
mount -n --bind "$node/boot-id" /proc/sys/kernel/random/boot_id

trap 'exit 1' TERM
keep containerd containerd --config "$node/containerd.toml" &
until ctr version > /dev/null 2>&1; do
    sleep 0.05
done
keep kubelet "$controlplane" kubelet --config "$node/kubelet.json" "$@"
