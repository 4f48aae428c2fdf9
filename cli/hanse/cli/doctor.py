"""`hanse doctor`: whether a hub is as it should be, one line a check, each with what to do."""

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Annotated, Any

import typer
import urllib3

from hanse.cli.errors import CommandError
from hanse.cli.hub import HANSE, ApiUrl, Hub, Kubeconfig
from hanse.resources import CLUSTER_NAMESPACE_PREFIX, KINDS

Check = Callable[[Hub], Iterator[str]]
LEASE = "hanse-operator"
LOOK_SECONDS = 0.5
SERVICE_SECONDS_MAX = 10.0
_EXTENSIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1/validatingadmission"


def doctor(
    api: ApiUrl = "",
    operator: Annotated[str, typer.Option(help="The leading operator's own port, such as http://127.0.0.1:8080.")] = "",
    operator_namespace: Annotated[str, typer.Option(help="The namespace of the hub's operator.")] = "hanse-system",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Check a hub; exit 1 if something is wrong."""
    hub = Hub(kubeconfig)
    checks: dict[str, Check] = {
        "Hanse's resources are installed": _resources,
        "its admission policies are installed": _policies,
        "the pool has a policy, classes and tiers": _pool,
        "each member has a namespace": _members,
        "each cluster has its namespace, and a member": _clusters,
        "an operator leads": lambda hub: _operator(hub, operator_namespace),
        "each cluster is connected, and takes work": _connected,
    }
    if api:
        checks["the API service answers, and reaches the ledger and the leader"] = lambda _: _service(api)
    if operator:
        checks["the leading operator plans, settles and hears of all"] = lambda _: _leader(operator)
    wrong = 0
    for text, check in checks.items():
        try:
            problems = list(check(hub))
        except CommandError as error:
            problems = [str(error)]
        wrong += len(problems)
        typer.echo(f"{'no ' if problems else 'yes'}  {text}")
        for problem in problems:
            typer.echo(f"     {problem}")
    if wrong:
        raise typer.Exit(1)


def _resources(hub: Hub) -> Iterator[str]:
    for kind in KINDS:
        name = f"{kind.definition.plural}.hanse.dev"
        found = hub.find(f"{_EXTENSIONS}/{name}")
        established = found and any(
            each["type"] == "Established" and each["status"] == "True" for each in found["status"].get("conditions", [])
        )
        if not established:
            yield f"{name} is not there, or not established: install Hanse's chart"


def _policies(hub: Hub) -> Iterator[str]:
    """Look for each policy and for its binding, without which it refuses nothing."""
    for plural, what in (("policies", "policy"), ("policybindings", "binding of the policy")):
        names = {each["metadata"]["name"] for each in hub.get(f"{_ADMISSION}{plural}")["items"]}
        for name in ("namespace-labels", "trainingjobs", "contributions", "placements"):
            if f"{name}.hanse.dev" not in names:
                yield f"the {what} {name}.hanse.dev is not there: install Hanse's chart"


def _pool(hub: Hub) -> Iterator[str]:
    if not hub.find(f"{HANSE}/poolpolicies/default"):
        yield "there is no PoolPolicy default: apply examples/poolpolicy.yaml, after reading it"
    for plural in ("acceleratorclasses", "prioritytiers"):
        if not hub.get(f"{HANSE}/{plural}")["items"]:
            yield f"there are no {plural}: without them no job can run"


def _members(hub: Hub) -> Iterator[str]:
    labelled = hub.get("/api/v1/namespaces?labelSelector=hanse.dev%2Fmember")["items"]
    owners = {each["metadata"]["labels"]["hanse.dev/member"] for each in labelled}
    for member in hub.get(f"{HANSE}/members")["items"]:
        if member["metadata"]["name"] not in owners:
            yield f"member {member['metadata']['name']} has no namespace: hanse member add makes one"


def _clusters(hub: Hub) -> Iterator[str]:
    members = {each["metadata"]["name"] for each in hub.get(f"{HANSE}/members")["items"]}
    for cluster in hub.get(f"{HANSE}/memberclusters")["items"]:
        name = cluster["metadata"]["name"]
        if not hub.find(f"/api/v1/namespaces/{CLUSTER_NAMESPACE_PREFIX}{name}"):
            yield f"cluster {name} has no namespace {CLUSTER_NAMESPACE_PREFIX}{name}: hanse cluster join makes it"
        if cluster["spec"]["member"] not in members:
            yield f"cluster {name} is of member {cluster['spec']['member']}, which is not there"


def _operator(hub: Hub, namespace: str) -> Iterator[str]:
    """Watch the leader's Lease for as long as it may stay as it is; no clock is compared with another."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{LEASE}"
    advice = f"see that hanse operator runs with --namespace {namespace}, and what it logs"
    seen = hub.find(path)
    if not seen or not seen["spec"].get("holderIdentity"):
        yield f"nobody holds the Lease {namespace}/{LEASE}: {advice}"
        return
    seconds = seen["spec"]["leaseDurationSeconds"]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        if hub.get(path)["metadata"]["resourceVersion"] != seen["metadata"]["resourceVersion"]:
            return
    yield f"{seen['spec']['holderIdentity']} has not renewed its Lease {namespace}/{LEASE} for {seconds} s: {advice}"


def _connected(hub: Hub) -> Iterator[str]:
    for cluster in hub.get(f"{HANSE}/memberclusters")["items"]:
        conditions = {each["type"]: each for each in cluster.get("status", {}).get("conditions", [])}
        for kind in ("AgentConnected", "Ready"):
            found = conditions.get(kind, {"status": "Unknown", "message": "the operator has said nothing of it yet"})
            if found["status"] != "True":
                why = found.get("message") or found["reason"]
                yield f"cluster {cluster['metadata']['name']} is not {kind}: {why}; see the log of its agent"
                break


def _leader(url: str) -> Iterator[str]:
    """Ask the operator itself: what is wrong with the pool is not for everybody who may ask the API service."""
    try:
        said = urllib3.request("GET", f"{url.rstrip('/')}/feeds", timeout=SERVICE_SECONDS_MAX, retries=False).json()
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        yield f"{url} cannot be reached, or is no operator: {error}"
        return
    yield from troubles(said)


def troubles(said: dict[str, Any]) -> Iterator[str]:
    """Yield what an operator's `/feeds` says is wrong."""
    leader = said["leader"]
    if not leader:
        yield "it does not lead: ask the one that holds the Lease"
    if problem := leader.get("poolProblem"):
        yield f"settings are refused: {problem}; correct the Member or PoolPolicy that it names"
    if brake := leader.get("brake"):
        yield f"no attempt of a silent cluster is expired: {brake}; look at the hub's network and at the API service"
    for what, times in sorted(leader.get("notSettled", {}).items()):
        yield f"settling: {what} failed {times} times, and is not done yet: the operator's log has why (not_settled)"
    for kind, feed in sorted(said["feeds"].items()):
        if not feed["fresh"]:
            yield f"its feed of {kind} is silent: see the API server, and the operator's log"


def _service(url: str) -> Iterator[str]:
    try:
        answer = urllib3.request("GET", f"{url.rstrip('/')}/readyz", timeout=SERVICE_SECONDS_MAX, retries=False)
    except urllib3.exceptions.HTTPError as error:
        yield f"{url} cannot be reached: {error}"
        return
    if answer.status == HTTPStatus.OK:
        return
    try:
        yield from answer.json()["problems"]
    except (ValueError, KeyError, TypeError):
        yield f"{url} answers with status {answer.status}, and not as the API service does: see what is in front of it"
