"""Rules about who: tiers, clusters and members may be used by those who have the verb `use` on them."""

import time

import pytest

MEMBER = "hanse.dev/member"
ORGANISATION = "hanse.dev/organisation"
GRANTED_SECONDS_MAX = 600


@pytest.fixture(name="writer", scope="module")
def _writer(api):
    """Return a client of somebody who may write everything, but has the verb `use` on nothing."""
    return api.impersonating("writer", "test-writers")


@pytest.fixture(name="trainer", scope="module")
def _trainer(api):
    """Return a client of one of tencent's people, with the roles of the examples."""
    return api.impersonating("wang", "tencent-training")


@pytest.fixture(name="namespace", scope="module")
def _namespace(api):
    """Return a namespace of tencent and a plain one, both there."""

    def namespace(name, labels):
        document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        said = api.create(document, dry_run=False)
        assert said == "" or "already exists" in said
        return document

    return {
        "owned": namespace("policies-owned", {MEMBER: "tencent", ORGANISATION: "llm"}),
        "plain": namespace("policies-plain", {}),
    }


class TestTiers:
    def test_a_granted_tier_may_be_used(self, trainer, manifest):
        assert trainer.create(manifest("TrainingJob")) == ""

    def test_another_tier_may_not(self, trainer, manifest):
        answer = trainer.create(manifest("TrainingJob", {"spec.tier": "urgent"}))
        assert (
            "wang may not use tier urgent in namespace tencent: choose another in spec.tier, or ask the coordinator for"
            " the verb use on prioritytiers/urgent"
        ) in answer

    def test_a_binding_in_one_namespace_says_nothing_of_another(self, api, manifest):
        document = manifest("TrainingJob", {"metadata.namespace": "alibaba"})
        both = api.impersonating("wang", "tencent-training", "test-writers")
        assert "wang may not use tier standard in namespace alibaba" in both.create(document)

    def test_writing_jobs_is_not_using_tiers(self, writer, manifest):
        assert "writer may not use tier standard" in writer.create(manifest("TrainingJob"))


class TestContributions:
    def test_a_cluster_of_ones_own_may_be_offered(self, trainer, manifest):
        assert trainer.create(manifest("Contribution")) == ""

    def test_a_rivals_cluster_may_not(self, trainer, manifest):
        answer = trainer.create(manifest("Contribution", {"spec.cluster": "alibaba-hz"}))
        assert (
            "wang may not contribute nodes of cluster alibaba-hz from namespace tencent: name a cluster of your own in"
            " spec.cluster, or ask the coordinator for the verb use on memberclusters/alibaba-hz"
        ) in answer


class TestLabelsOfNamespaces:
    @pytest.mark.parametrize("subresource", ["", "/status", "/finalize"])
    def test_a_namespace_cannot_be_given_to_a_member(self, writer, namespace, subresource):
        """Nor by way of a subresource, whose updates may carry labels as well."""
        method, body = "PATCH", {"metadata": {"labels": {MEMBER: "tencent"}}}
        if subresource == "/finalize":
            method, body = (
                "PUT",
                namespace["plain"] | {"metadata": {"name": "policies-plain", "labels": {MEMBER: "tencent"}}},
            )
        path = f"/api/v1/namespaces/policies-plain{subresource}"
        answer = writer.send(method, path, body, {"dryRun": "All"})
        assert "writer may not label a namespace for member tencent: ask the coordinator" in answer

    def test_a_namespace_cannot_be_created_for_a_member(self, writer, manifest):
        answer = writer.create(manifest("Namespace"))
        assert "writer may not label a namespace for member tencent" in answer

    @pytest.mark.parametrize("label", [None, "", "alibaba"])
    def test_a_namespace_cannot_be_taken_from_a_member(self, writer, namespace, label):
        answer = writer.change(namespace["owned"], {"metadata": {"labels": {MEMBER: label}}})
        assert "writer may not" in answer

    def test_removing_both_labels_is_refused(self, writer, namespace):
        patch = {"metadata": {"labels": {MEMBER: None, ORGANISATION: None}}}
        answer = writer.change(namespace["owned"], patch)
        assert "writer may not take a namespace away from member tencent: ask the coordinator" in answer

    @pytest.mark.parametrize("label", [None, "products"])
    def test_the_organisation_cannot_be_changed(self, writer, namespace, label):
        answer = writer.change(namespace["owned"], {"metadata": {"labels": {ORGANISATION: label}}})
        assert "writer may not label a namespace for member tencent" in answer

    def test_other_labels_are_free(self, writer, namespace):
        for document in namespace.values():
            assert writer.change(document, {"metadata": {"labels": {"team": "a"}}}) == ""

    def test_the_coordinator_labels_namespaces(self, api, namespace):
        """An administrator has every verb, `use` on members included."""
        assert api.change(namespace["owned"], {"metadata": {"labels": {MEMBER: "alibaba"}}}) == ""
        assert api.change(namespace["plain"], {"metadata": {"labels": {MEMBER: "tencent"}}}) == ""

    def test_the_verb_can_be_limited_to_one_member(self, api, namespace):
        """With `use` on tencent alone, a namespace becomes tencent's but not alibaba's, and does not go to alibaba."""
        _grant(api, "tencent")
        delegate = api.impersonating("li", "test-writers")
        # The authorizer learns of a new binding some time after it was created.
        deadline = time.monotonic() + GRANTED_SECONDS_MAX
        while said := delegate.change(namespace["plain"], {"metadata": {"labels": {MEMBER: "tencent"}}}):
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        for document in namespace.values():
            answer = delegate.change(document, {"metadata": {"labels": {MEMBER: "alibaba"}}})
            assert "li may not label a namespace for member alibaba" in answer


def _grant(api, member):
    rbac = "rbac.authorization.k8s.io"
    role = {
        "apiVersion": f"{rbac}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"test-use-{member}"},
        "rules": [{"apiGroups": ["hanse.dev"], "resources": ["members"], "resourceNames": [member], "verbs": ["use"]}],
    }
    binding = role | {
        "kind": "ClusterRoleBinding",
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": f"test-use-{member}"},
        "subjects": [{"apiGroup": rbac, "kind": "User", "name": "li"}],
    }
    del binding["rules"]
    for document in (role, binding):
        said = api.create(document, dry_run=False)
        assert said == "" or "already exists" in said
