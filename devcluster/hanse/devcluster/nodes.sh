# What the first processes of both kinds of nodes share, in a namespace of mounts of their own: realnode.sh and
# processnode.sh read it from the cluster's folder.

# The kubelet insists on these kernel settings and would change them for the whole machine: let it find them as it wants.
# The folder $1 gets what it finds; a setting that this kernel does not have it does not look for.
pretend_settings() {
    while read -r name value; do
        [ -e "/proc/sys/$name" ] || continue
        echo "$value" > "$1/${name##*/}"
        mount -n --bind "$1/${name##*/}" "/proc/sys/$name"
    done <<'END'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
END
}

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
