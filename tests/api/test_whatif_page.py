"""The form of what-if: for whom it is, what it answers, and what it says beside each field."""

import re

import pytest
from playwright.sync_api import expect
from visiting import FORMS, PEOPLE, Browser, session_of

pytestmark = pytest.mark.usefixtures("roles")
QUESTION = {
    "namespace": "tencent", "class": "h100-sxm", "gpus": "8", "workers": "4", "precision": "bf16", "tier": "standard",
    "duration": "24h",
}  # fmt: skip
MANIFEST = """
apiVersion: hanse.dev/v1alpha1
kind: TrainingJob
metadata: {{name: pasted, namespace: {namespace}}}
spec:
  tier: standard
  workers: {{replicas: {workers}}}
  gpusPerWorker: 8
  accelerators: [{{class: h100-sxm}}]
  maxRuntime: 2h
  template: {{spec: {{containers: [{{name: trainer, image: "registry.example/t@sha256:{digest}"}}]}}}}
"""


def manifest(namespace, workers):
    return MANIFEST.format(namespace=namespace, workers=workers, digest="ab" * 32)


@pytest.mark.parametrize("path", sorted(FORMS))
def test_a_form_is_for_whom_its_page_is_and_of_this_site_alone(shown, tokens, path):
    for who in sorted(PEOPLE):
        browser = session_of(shown, tokens, who)
        assert (403 != browser.post(path, QUESTION | {"namespace": ""}).status) == (who in FORMS[path]), who
        assert 403 == browser.post(path, QUESTION, {"Sec-Fetch-Site": "cross-site"}).status, who
    assert (303, "/login") == (
        (answer := Browser(shown.api_url).post(path, QUESTION)).status,
        answer.headers["Location"],
    )


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_what_if_is_asked_by_keyboard_and_answered_in_its_page(visit, script):
    page = visit("people of tencent", java_script_enabled=script)
    page.get_by_role("link", name="What if", exact=True).press("Enter")
    page.get_by_label("Accelerator class").select_option("h100-sxm")
    page.get_by_label("Workers", exact=True).fill("4")
    page.get_by_label("Workers", exact=True).press("Enter")
    answer = page.get_by_role("status")
    for words in (
        "It would be admitted now",
        "32 h100-sxm in tencent-gz",
        "Others' in your clusters: 2",
        "H100e-hours",
    ):
        expect(answer).to_contain_text(words)
    assert "4" == page.get_by_label("Workers", exact=True).input_value()
    page.get_by_label("Workers", exact=True).fill("128")
    page.get_by_role("button", name="Ask").press("Enter")
    for words in (
        "It would wait",
        "weaker jobs are being stopped",
        "starts when 512 more",
        "Place 4",
        "Estimated start",
    ):
        expect(answer).to_contain_text(words)


def field(text, name):
    """Return what is said beside a field that is marked as wrong."""
    assert re.search(rf'id="{name}" name="{name}" aria-invalid="true" aria-describedby="wrong-{name}"', text), name
    return re.sub(r"<[^>]+>", "", re.search(rf'id="wrong-{name}">(.*?)</p>', text, re.DOTALL)[1])


@pytest.mark.parametrize(
    ("typed", "status", "beside"),
    [
        ({"workers": "0"}, 422, ("workers", "from 1 to 8192")),
        ({"workers": "many"}, 422, ("workers", "from 1 to 8192")),
        ({"gpus": "99"}, 422, ("gpus", "spec.gpusPerWorker: 99")),
        ({"duration": "soon"}, 422, ("duration", "such as 72h or 1h30m")),
        ({"precision": "fp99"}, 422, ("precision", "Choose a precision")),
        ({"class": "no such class!"}, 422, ("class", "Choose a class")),
        ({"tier": "broken"}, 422, ("tier", "Choose a tier")),
        ({"namespace": "alibaba"}, 403, ("namespace", "Choose a namespace of yours.")),
        ({"namespace": "nowhere"}, 403, ("namespace", "Choose a namespace of yours.")),
        ({"namespace": ""}, 422, ("namespace", "Choose a namespace of yours.")),
        ({"manifest": "a: [b"}, 422, ("manifest", "cannot be read as YAML")),
        ({"manifest": "a: &a [1]\nb: *a"}, 422, ("manifest", "aliases are not taken here")),
        ({"manifest": "at: 2026-11-02"}, 422, ("manifest", "cannot be read as YAML")),
        ({"manifest": "[" * 5000}, 422, ("manifest", "cannot be read as YAML")),
        ({"manifest": "kind: Pod"}, 422, ("manifest", "There are 0 TrainingJobs")),
        ({"manifest": manifest("tencent", 0)}, 422, ("manifest", "replicas: 0")),
        (
            {"manifest": manifest("alibaba", 1)},
            403,
            ("namespace", "of yours"),
        ),
    ],
)
def test_what_is_wrong_with_a_question_stands_beside_its_field(shown, tokens, typed, status, beside):
    name, said = beside
    answer = session_of(shown, tokens, "people of tencent").post("/whatif", QUESTION | typed)
    text = answer.data.decode()
    assert (status, True) == (answer.status, said in field(text, name)), text
    assert "It would be admitted now" not in text
    chinese = session_of(shown, tokens, "people of tencent").post("/whatif?lang=zh", QUESTION | typed).data.decode()
    assert re.search("[\u4e00-\u9fff]{3}", field(chinese, name))


def test_a_manifest_goes_before_the_fields_and_who_asks_too_often_is_told_when_to_ask_again(shown, tokens):
    browser = session_of(shown, tokens, "people of tencent")
    pasted = {"manifest": manifest("tencent", 2), "workers": "0"}
    assert "16 h100-sxm in tencent-gz" in browser.post("/whatif", QUESTION | pasted).data.decode()
    answer = browser.post("/whatif", QUESTION | {"tier": "often"})
    assert (429, True) == (answer.status, b"ask again in 7 s" in answer.data)
    assert 422 == browser.post("/whatif", QUESTION | {"manifest": "x" * 220_000}).status
