"""The dashboard: its address, and a way in for each role, each of which is tried.

In: the hub. Out: claims, and commands for whoever stays. Roles are in the PoolPolicy; the accounts that have them are
made here. A session is opened as a browser would, and its first page looked at.
"""

import re
from http import HTTPStatus
from urllib.parse import urlencode

import urllib3

from hanse.cli.demo.hub import SYSTEM, Hub
from hanse.cli.demo.stage import Stage
from hanse.cli.hub import Service

# Who comes in: the account's namespace and name, and what must be on its first page.
ROLES = {
    "a member": ("jiangsu-lab", "people", "jiangsu-lab"),
    "the auditor": (SYSTEM, "auditor", "Debits equal credits"),
    "the coordinator": (SYSTEM, "coordinator", "tencent-gz"),
}
AUDIENCE = "hanse-api"


def show(stage: Stage, hub: Hub) -> None:
    """Open the dashboard as each role."""
    stage.title(
        "The dashboard",
        f"{hub.api_url} shows each member its own use, queue, caps and statement, and the auditor and the coordinator "
        "theirs. hanse login opens it in a browser by a code that is good once and for a minute.",
    )
    for namespace, account, _ in ROLES.values():
        if namespace == SYSTEM:
            hub.own.kubectl("create", "serviceaccount", account, f"--namespace={namespace}")
    for role, (namespace, account, wanted) in ROLES.items():
        found = _first_page(hub, namespace, account)
        stage.claim(f"the dashboard lets {role} in, and shows what is theirs", holds=wanted in found, found=found[:300])


def ways_in(hub: Hub) -> tuple[str, ...]:
    """Return the commands that open the dashboard, one a role."""
    found = []
    for role, (namespace, account, _) in ROLES.items():
        token = f"$(kubectl create token {account} -n {namespace} --audience={AUDIENCE})"
        found.append(f"HANSE_TOKEN={token} hanse login   # as {role}")
    return (f"# the dashboard is at {hub.api_url}; a code opens it, so the commands that follow print one", *found)


def _first_page(hub: Hub, namespace: str, account: str) -> str:
    token = hub.own.kubectl("create", "token", account, f"--namespace={namespace}", f"--audience={AUDIENCE}").stdout
    code = Service(hub.api_url, token.strip()).request("POST", "/v1/login")["code"]
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": hub.api_url}
    with urllib3.PoolManager(retries=False, timeout=30) as http:
        for path in ("/login", "/login/confirm"):
            sent = urlencode({"code": code})
            entered = http.request("POST", hub.api_url + path, body=sent, headers=form, redirect=False)
            # The first answer says whose session it would be, and has the code that opens it.
            code = next(iter(re.findall(r'name="code" value="([^"]+)"', entered.data.decode())), "")
        cookie = {"Cookie": entered.headers.get("Set-Cookie", "").partition(";")[0]}
        path, answer = "/", entered
        while answer.status in {HTTPStatus.SEE_OTHER, HTTPStatus.OK} and path:
            answer = http.request("GET", hub.api_url + path, headers=cookie, redirect=False)
            path = answer.headers.get("Location", "")
    return re.sub(r"<[^>]+>", " ", answer.data.decode())
