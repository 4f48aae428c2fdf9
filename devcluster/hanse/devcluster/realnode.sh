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

# The kubelet insists on these kernel settings and would change them for the whole machine: let it find them as it wants.
while read -r name value; do
    echo "$value" > "/run/tmp/${name##*/}"
    mount -n --bind "/run/tmp/${name##*/}" "/proc/sys/$name"
done <<'END'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END

# Run a part under its own mark (see processes.py) and again when it was killed, as a service manager would. A part that
# ends by itself is broken: then so is the node, and this shell ends, by the trap below.
keep() {
    part=$1
    shift
    while :; do
        HANSE_DEVCLUSTER_PART=$part "$@" >> "$PWD/logs/$part.log" 2>&1 &
        status=0
        wait $! || status=$?
        [ "$status" -gt 128 ] || break
        sleep 0.2
    done
    echo "$part ended by itself with status $status, and the node with it"
    kill -TERM $$
}

trap 'exit 1' TERM
keep containerd containerd --config "$node/containerd.toml" &
until ctr version > /dev/null 2>&1; do
    sleep 0.05
done
for archive in "$node"/images/*; do
    ctr --namespace k8s.io images import "$archive"
done
# Jobs name images by digest, and no registry says here which those are.
ctr --namespace k8s.io images list | while read -r name _ digest _; do
    case $name in *@*|sha256:*|REF) continue ;; esac
    ctr --namespace k8s.io images tag --force "$name" "${name%:*}@$digest"
done
keep kubelet "$controlplane" kubelet --config "$node/kubelet.json" "$@"
