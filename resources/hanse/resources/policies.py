"""ValidatingAdmissionPolicies: the rules that need to know the user or the namespace.

Whether somebody may use a thing is the RBAC verb `use` on it: on a tier, a member cluster, or a member (for the labels
of a namespace). No policy takes parameters: one whose parameter is not there, or not there yet, refuses everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hanse.resources.limits import CLUSTER_NAMESPACE_PREFIX, MEMBER_LABEL, ORGANISATION_LABEL
from hanse.resources.model import GROUP, VERSION

_NAMESPACE_MEMBER = f"namespaceObject.metadata.?labels[?'{MEMBER_LABEL}'].orValue('')"
_WHO = "request.userInfo.username"


@dataclass(frozen=True)
class Refusal:
    """One validation: what must hold, and CEL that makes the sentence when it does not."""

    cel: str
    sentence: str


@dataclass(frozen=True)
class Policy:
    """A ValidatingAdmissionPolicy that is bound to the whole cluster."""

    name: str
    why: str
    """What it keeps, for the reference."""
    resources: tuple[str, ...]
    operations: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    group: str = GROUP
    version: str = VERSION
    variables: dict[str, str] = field(default_factory=dict)

    def documents(self) -> list[dict[str, Any]]:
        """Return the policy and its binding."""
        metadata = {"name": f"{self.name}.{GROUP}"}
        api = "admissionregistration.k8s.io/v1"
        binding = {"policyName": metadata["name"], "validationActions": ["Deny"]}
        return [
            {"apiVersion": api, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": self._spec()},
            {"apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": binding},
        ]

    def _spec(self) -> dict[str, Any]:
        matched = {
            "apiGroups": [self.group],
            "apiVersions": [self.version],
            "operations": list(self.operations),
            "resources": list(self.resources),
        }
        spec: dict[str, Any] = {"failurePolicy": "Fail", "matchConstraints": {"resourceRules": [matched]}}
        if self.variables:
            spec["variables"] = [{"name": name, "expression": cel} for name, cel in self.variables.items()]
        spec["validations"] = [
            {"expression": refusal.cel, "messageExpression": refusal.sentence, "reason": "Forbidden"}
            for refusal in self.refusals
        ]
        return spec


def _may_use(resource: str, name: str, *, namespaced: bool = False) -> str:
    """Return CEL that asks RBAC. With the namespace a RoleBinding there is enough, without it takes a cluster's."""
    scope = ".namespace(request.namespace)" if namespaced else ""
    return f"authorizer.group('{GROUP}').resource('{resource}'){scope}.name({name}).check('use').allowed()"


def _in_member_namespace(kind: str) -> Refusal:
    return Refusal(
        f"{_NAMESPACE_MEMBER} != ''",
        f"'namespace ' + request.namespace + ' belongs to no member: create the {kind} in a namespace with the label"
        f" {MEMBER_LABEL}, or ask the coordinator to set it'",
    )


def _label(object_name: str, label: str) -> str:
    return f"{object_name} == null ? '' : {object_name}.metadata.?labels[?'{label}'].orValue('')"


NAMESPACE_LABELS = Policy(
    name="namespace-labels",
    why="A namespace belongs to a member by its labels, so only somebody who may `use` that member sets, changes or"
    " removes them.",
    group="",
    version="v1",
    # Updates of a namespace's subresources may change its labels as well.
    resources=("namespaces", "namespaces/status", "namespaces/finalize"),
    operations=("CREATE", "UPDATE"),
    variables={
        "member": _label("object", MEMBER_LABEL),
        "was": _label("oldObject", MEMBER_LABEL),
        "organisation": _label("object", ORGANISATION_LABEL),
        "organisationWas": _label("oldObject", ORGANISATION_LABEL),
        "same": "variables.member == variables.was && variables.organisation == variables.organisationWas",
    },
    refusals=(
        Refusal(
            f"variables.same || variables.member == '' || {_may_use('members', 'variables.member')}",
            f"{_WHO} + ' may not label a namespace for member ' + variables.member + ': ask the coordinator,"
            " who has the verb use on members'",
        ),
        Refusal(
            f"variables.same || variables.was in ['', variables.member] || {_may_use('members', 'variables.was')}",
            f"{_WHO} + ' may not take a namespace away from member ' + variables.was + ': ask the coordinator,"
            " who has the verb use on members'",
        ),
        Refusal(
            "variables.same || variables.organisation == '' || variables.member != ''",
            f"'the label {ORGANISATION_LABEL} needs the label {MEMBER_LABEL}: set both'",
        ),
        Refusal(
            "variables.same || variables.member == ''"
            f" || !object.metadata.name.startsWith('{CLUSTER_NAMESPACE_PREFIX}')",
            f"'namespaces named {CLUSTER_NAMESPACE_PREFIX}* hold placements and belong to no member: remove the label"
            f" {MEMBER_LABEL}'",
        ),
    ),
)
TRAINING_JOBS = Policy(
    name="trainingjobs",
    why="A TrainingJob is created in a namespace of a member, by somebody who may `use` its tier.",
    resources=("trainingjobs",),
    operations=("CREATE",),
    refusals=(
        _in_member_namespace("TrainingJob"),
        Refusal(
            _may_use("prioritytiers", "object.spec.tier", namespaced=True),
            f"{_WHO} + ' may not use tier ' + object.spec.tier + ' in namespace ' + request.namespace + ': choose"
            " another in spec.tier, or ask the coordinator for the verb use on prioritytiers/' + object.spec.tier",
        ),
    ),
)
CONTRIBUTIONS = Policy(
    name="contributions",
    why="A Contribution is created in a namespace of a member, by somebody who may `use` the cluster whose nodes it"
    " offers: nobody offers a rival's nodes.",
    resources=("contributions",),
    operations=("CREATE",),
    refusals=(
        _in_member_namespace("Contribution"),
        Refusal(
            _may_use("memberclusters", "object.spec.cluster", namespaced=True),
            f"{_WHO} + ' may not contribute nodes of cluster ' + object.spec.cluster + ' from namespace ' +"
            " request.namespace + ': name a cluster of your own in spec.cluster, or ask the coordinator for the verb"
            " use on memberclusters/' + object.spec.cluster",
        ),
    ),
)
PLACEMENTS = Policy(
    name="placements",
    why="A Placement is created in the namespace of a member cluster, which only that cluster's agent can read.",
    resources=("placements",),
    operations=("CREATE",),
    refusals=(
        Refusal(
            f"request.namespace.startsWith('{CLUSTER_NAMESPACE_PREFIX}')",
            f"'a Placement is handed to a member cluster: create it in {CLUSTER_NAMESPACE_PREFIX}<cluster>, not in ' +"
            " request.namespace",
        ),
    ),
)
POLICIES = (NAMESPACE_LABELS, TRAINING_JOBS, CONTRIBUTIONS, PLACEMENTS)
