"""The table of pod fields that a template may not have, by the structure in which people write them."""

from __future__ import annotations

from hanse.resources.forbidden import LABELS, PORT, STRINGS, Forbidden

_ITEMS = [{"key": str, "path": str, "mode": int}]
_LABEL_SELECTOR = {
    "matchLabels": LABELS,
    "matchExpressions": [{"key": str, "operator": str, "values": STRINGS}],
}
_NODE_TERM = {
    "matchExpressions": [{"key": str, "operator": str, "values": STRINGS}],
    "matchFields": [{"key": str, "operator": str, "values": STRINGS}],
}
_POD_TERM = {
    "labelSelector": _LABEL_SELECTOR,
    "namespaceSelector": _LABEL_SELECTOR,
    "namespaces": STRINGS,
    "topologyKey": str,
    "matchLabelKeys": STRINGS,
    "mismatchLabelKeys": STRINGS,
}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_POD_AFFINITY = {_REQUIRED: [_POD_TERM], _PREFERRED: [{"weight": int, "podAffinityTerm": _POD_TERM}]}
_AFFINITY = {
    "nodeAffinity": {
        _REQUIRED: {"nodeSelectorTerms": [_NODE_TERM]},
        _PREFERRED: [{"weight": int, "preference": _NODE_TERM}],
    },
    "podAffinity": _POD_AFFINITY,
    "podAntiAffinity": _POD_AFFINITY,
}
_HANDLER = {
    "exec": {"command": STRINGS},
    "httpGet": {
        "path": str,
        "port": PORT,
        "host": str,
        "scheme": str,
        "httpHeaders": [{"name": str, "value": str}],
    },
    "tcpSocket": {"host": str, "port": PORT},
    "sleep": {"seconds": int},
}
_PROBE = _HANDLER | {
    "grpc": {"port": int, "service": str},
    "initialDelaySeconds": int,
    "timeoutSeconds": int,
    "periodSeconds": int,
    "successThreshold": int,
    "failureThreshold": int,
    "terminationGracePeriodSeconds": int,
}
_FIELD_REFS = {
    "fieldRef": {"apiVersion": str, "fieldPath": str},
    "resourceFieldRef": {"containerName": str, "resource": str, "divisor": PORT},
}
_DOWNWARD = {"items": [{"path": str, "mode": int} | _FIELD_REFS]}
_KEY = {"name": str, "key": str, "optional": bool}

_SCHEDULER = "Hanse chooses the nodes; use spec.accelerators, spec.topology and spec.placement"
_HOST = "a pod never sees its host; remove it"
_IDENTITY = "pods run without a service account, in clusters of other members; remove it"
_NOT_THERE = "Secrets and ConfigMaps do not exist in another member's cluster"
_DEVICES = "Hanse hands out the GPUs; use spec.gpusPerWorker and spec.gpuMemory"
_LOGS = "the cluster agent reads the logs; remove it"
_RESTRICTED = "pods run under Pod Security restricted; remove it"
_HEALTH = "the gang is judged by its processes; use spec.startDeadline and spec.restart"
_DETACHED = "nobody is attached to a worker; remove it"
_HOSTNAME = "each worker is w-<rank> in a Service of its gang; remove it"
_RESTART = "a gang starts again as a whole; use spec.restart"
_DNS = "the cluster agent sets name resolution; remove it"

POD_FIELDS = {
    "hostNetwork": Forbidden(bool, _HOST, harmless=False),
    "hostPID": Forbidden(bool, _HOST, harmless=False),
    "hostIPC": Forbidden(bool, _HOST, harmless=False),
    "hostUsers": Forbidden(bool, _HOST, harmless=True),
    "shareProcessNamespace": Forbidden(bool, "containers of a worker are kept apart; remove it", harmless=False),
    "nodeName": Forbidden(str, _SCHEDULER),
    "nodeSelector": Forbidden(LABELS, _SCHEDULER),
    "affinity": Forbidden(_AFFINITY, _SCHEDULER),
    "tolerations": Forbidden(
        [{"key": str, "operator": str, "value": str, "effect": str, "tolerationSeconds": int}], _SCHEDULER
    ),
    "topologySpreadConstraints": Forbidden(
        [
            {
                "maxSkew": int,
                "topologyKey": str,
                "whenUnsatisfiable": str,
                "labelSelector": _LABEL_SELECTOR,
                "minDomains": int,
                "matchLabelKeys": STRINGS,
                "nodeAffinityPolicy": str,
                "nodeTaintsPolicy": str,
            }
        ],
        _SCHEDULER,
    ),
    "schedulerName": Forbidden(str, "Hanse schedules the pods; remove it", harmless="default-scheduler"),
    "schedulingGates": Forbidden([{"name": str}], "no pod exists before its place does; remove it"),
    "runtimeClassName": Forbidden(str, "use spec.trust to ask for kata or confidential containers"),
    "priorityClassName": Forbidden(str, "use spec.tier"),
    "priority": Forbidden(int, "use spec.tier"),
    "preemptionPolicy": Forbidden(str, "use spec.tier"),
    "serviceAccountName": Forbidden(str, _IDENTITY),
    "serviceAccount": Forbidden(str, _IDENTITY),
    "automountServiceAccountToken": Forbidden(bool, _IDENTITY, harmless=False),
    "imagePullSecrets": Forbidden([{"name": str}], f"{_NOT_THERE}; use images that the contributing clusters can pull"),
    "resourceClaims": Forbidden([{"name": str, "resourceClaimName": str, "resourceClaimTemplateName": str}], _DEVICES),
    "activeDeadlineSeconds": Forbidden(int, "use spec.maxRuntime"),
    "terminationGracePeriodSeconds": Forbidden(int, "use spec.checkpoint.grace"),
    "restartPolicy": Forbidden(str, _RESTART, harmless="Never"),
    "enableServiceLinks": Forbidden(bool, _DNS, harmless=False),
    "hostname": Forbidden(str, _HOSTNAME),
    "subdomain": Forbidden(str, _HOSTNAME),
    "setHostnameAsFQDN": Forbidden(bool, _HOSTNAME, harmless=False),
    "hostAliases": Forbidden([{"ip": str, "hostnames": STRINGS}], _DNS),
    "dnsPolicy": Forbidden(str, _DNS, harmless="ClusterFirst"),
    "dnsConfig": Forbidden(
        {"nameservers": STRINGS, "searches": STRINGS, "options": [{"name": str, "value": str}]}, _DNS
    ),
}
CONTAINER_FIELDS = {
    "envFrom": Forbidden(
        [
            {
                "prefix": str,
                "secretRef": {"name": str, "optional": bool},
                "configMapRef": {"name": str, "optional": bool},
            }
        ],
        f"{_NOT_THERE}; write env with plain values, and use spec.storage.credentials for storage",
    ),
    "ports": Forbidden(
        [{"name": str, "containerPort": int, "hostPort": int, "hostIP": str, "protocol": str}],
        "workers of a gang reach each other on every port; remove it",
    ),
    "imagePullPolicy": Forbidden(str, "an image named by digest never changes; remove it", harmless="IfNotPresent"),
    "restartPolicy": Forbidden(str, _RESTART, harmless="Never"),
    "livenessProbe": Forbidden(_PROBE, _HEALTH),
    "readinessProbe": Forbidden(_PROBE, _HEALTH),
    "startupProbe": Forbidden(_PROBE, _HEALTH),
    "lifecycle": Forbidden(
        {"postStart": _HANDLER, "preStop": _HANDLER, "stopSignal": str},
        "checkpoint on SIGTERM within spec.checkpoint.grace",
    ),
    "volumeDevices": Forbidden([{"name": str, "devicePath": str}], "only emptyDir volumes are allowed; remove it"),
    "terminationMessagePath": Forbidden(str, _LOGS, harmless="/dev/termination-log"),
    "terminationMessagePolicy": Forbidden(str, _LOGS, harmless="File"),
    "stdin": Forbidden(bool, _DETACHED, harmless=False),
    "stdinOnce": Forbidden(bool, _DETACHED, harmless=False),
    "tty": Forbidden(bool, _DETACHED, harmless=False),
}
ENV_FIELDS = {
    "valueFrom": Forbidden(
        {"secretKeyRef": _KEY, "configMapKeyRef": _KEY} | _FIELD_REFS,
        f"{_NOT_THERE}; write value, and use spec.storage.credentials for storage",
    ),
}
RESOURCE_FIELDS = {"claims": Forbidden([{"name": str, "request": str}], _DEVICES)}
POD_SECURITY_FIELDS = {
    "seLinuxOptions": Forbidden({"user": str, "role": str, "type": str, "level": str}, _HOST),
    "appArmorProfile": Forbidden({"type": str, "localhostProfile": str}, _HOST),
    "windowsOptions": Forbidden(
        {"gmsaCredentialSpecName": str, "gmsaCredentialSpec": str, "runAsUserName": str, "hostProcess": bool}, _HOST
    ),
    "sysctls": Forbidden([{"name": str, "value": str}], "the kernel belongs to the host; remove it"),
}
CONTAINER_SECURITY_FIELDS = {
    name: POD_SECURITY_FIELDS[name] for name in ("seLinuxOptions", "appArmorProfile", "windowsOptions")
} | {
    "privileged": Forbidden(bool, _RESTRICTED, harmless=False),
    "procMount": Forbidden(str, _RESTRICTED, harmless="Default"),
}
_EMPTY_DIR_ONLY = "only emptyDir volumes are allowed"
VOLUME_FIELDS = {
    "hostPath": Forbidden({"path": str, "type": str}, f"{_EMPTY_DIR_ONLY}; a pod never sees its host"),
    "secret": Forbidden(
        {"secretName": str, "items": _ITEMS, "defaultMode": int, "optional": bool},
        f"{_EMPTY_DIR_ONLY}; use spec.storage.credentials for storage",
    ),
    "configMap": Forbidden(
        {"name": str, "items": _ITEMS, "defaultMode": int, "optional": bool},
        f"{_EMPTY_DIR_ONLY}; put the file into the image or into env",
    ),
    "persistentVolumeClaim": Forbidden(
        {"claimName": str, "readOnly": bool}, f"{_EMPTY_DIR_ONLY}; use spec.storage for data and checkpoints"
    ),
    "nfs": Forbidden(
        {"server": str, "path": str, "readOnly": bool}, f"{_EMPTY_DIR_ONLY}; use spec.storage for data and checkpoints"
    ),
    "csi": Forbidden(
        {
            "driver": str,
            "readOnly": bool,
            "fsType": str,
            "volumeAttributes": LABELS,
            "nodePublishSecretRef": {"name": str},
        },
        f"{_EMPTY_DIR_ONLY}; use spec.storage for data and checkpoints",
    ),
    "image": Forbidden({"reference": str, "pullPolicy": str}, f"{_EMPTY_DIR_ONLY}; put the files into the image"),
    "downwardAPI": Forbidden(
        {"defaultMode": int} | _DOWNWARD,
        f"{_EMPTY_DIR_ONLY}; a worker's place is in the variables that the cluster agent sets",
    ),
    "projected": Forbidden(
        {
            "defaultMode": int,
            "sources": [
                {
                    "secret": {"name": str, "items": _ITEMS, "optional": bool},
                    "configMap": {"name": str, "items": _ITEMS, "optional": bool},
                    "downwardAPI": _DOWNWARD,
                    "serviceAccountToken": {"audience": str, "expirationSeconds": int, "path": str},
                }
            ],
        },
        f"{_EMPTY_DIR_ONLY}; {_NOT_THERE}",
    ),
}
