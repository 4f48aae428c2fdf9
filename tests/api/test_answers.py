"""What all answers have in common: problems with a request's id, pages, limits, and a description that is true."""

import asyncio
import json
from http import HTTPStatus

import httpx
import hypothesis
import jsonschema
import openapi_spec_validator
import pytest
from hypothesis import strategies as st
from kubernetes import client, config

from hanse.api import answers, app, disputing, examples, logs, overseeing, paging, uses
from hanse.api.authenticating import Authenticator
from hanse.api.identity import Directory
from hanse.api.leader import Leader
from hanse.api.limiting import Limits
from hanse.api.problems import InvalidError, ProblemError
from hanse.ledger import database
from hanse.resources import protocol

pytestmark = pytest.mark.usefixtures("roles")
DESCRIPTION = app.create(None, None, None, None).openapi()


class Within:
    """Asks an application of this process."""

    def __init__(self, application):
        self._transport = httpx.ASGITransport(application, raise_app_exceptions=False)

    def get(self, path, **more):
        async def ask():
            async with httpx.AsyncClient(transport=self._transport, base_url="http://within") as http:
                return await http.get(path, **more)

        return asyncio.run(ask())


@pytest.fixture(name="within")
def _within(pool):
    """A service in this process with limits of its own, on the pool's API server and ledger."""
    configuration = client.Configuration()
    config.load_kube_config(config_file=str(pool.cluster.kubeconfig), client_configuration=configuration)
    engine = database.engine(pool.database_url, role="hanse_api")
    directory = Directory(client.ApiClient(configuration))
    authenticator = Authenticator(directory, None, Limits(agent=4, person=2, failed=3))
    yield Within(app.create(engine, directory, Leader(""), authenticator))
    engine.dispose()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("method", "path", "who", "status"),
    [
        ("GET", "/v1/nothing", "nobody", 404),
        ("PUT", "/v1/queue", "nobody", 405),
        ("GET", "/v1/queue", "nobody", 401),
        ("GET", "/v1/queue", "agent of gz", 403),
        ("GET", "/v1/balances?limit=0", "people of tencent", 422),
        ("GET", "/v1/balances?cursor=x", "people of tencent", 422),
        ("GET", "/v1/queue", "people of tencent", 503),
    ],
)
def test_each_refusal_is_a_problem_with_the_requests_id(as_, method, path, who, status):
    answer = as_(who).answer(method, path, **{"X-Request-Id": "mine-1"})
    problem = json.loads(answer.data)
    assert (status, "application/problem+json", "mine-1") == (
        answer.status,
        answer.headers["Content-Type"],
        answer.headers["X-Request-Id"],
    )
    assert (status, "mine-1", "about:blank") == (problem["status"], problem["requestId"], problem["type"])
    assert protocol.Problem.model_validate(problem).detail
    assert (status == 422) == bool(problem["errors"])


def test_an_id_that_is_not_plain_is_replaced(as_):
    given = ["a b", "x" * 65, 'x"y', ""]
    answered = [as_("nobody").answer("GET", "/healthz", **{"X-Request-Id": each}).headers for each in given]
    assert not {each["X-Request-Id"] for each in answered} & set(given)
    assert len(given) == len({each["X-Request-Id"] for each in answered})


def test_what_nobody_expected_is_a_problem_that_says_nothing_of_it(within, pool, monkeypatch, caplog):
    monkeypatch.setattr("hanse.api.members.own_balances", lambda *_: 1 / 0)
    answer = within.get("/v1/balances", headers=bearer(pool.token("tencent", "people")))
    assert (500, "application/problem+json") == (answer.status_code, answer.headers["Content-Type"])
    assert "division" not in answer.text
    assert answer.json()["requestId"] == answer.headers["X-Request-Id"]
    assert [(answer.json()["requestId"], "GET /v1/balances")] == [
        (record.request, record.getMessage()) for record in caplog.records if record.levelname == "ERROR"
    ]


def test_the_log_names_the_route_and_never_what_stands_in_it(within, caplog):
    caplog.set_level("INFO", logger="hanse.api")
    within.get("/v1/jobs/alibaba/secret-model/explain", headers={"X-Request-Id": "mine-2"})
    ours = [record for record in caplog.records if record.name.startswith("hanse")]
    assert [("mine-2", "GET /v1/jobs/{namespace}/{name}/explain: 401")] == [
        (record.request, record.getMessage()) for record in ours
    ]
    assert "secret-model" not in str([vars(record) for record in ours])


@pytest.mark.usefixtures("one_moment")
@pytest.mark.parametrize(("account", "served"), [("people", 2), ("agent", 4)])
def test_who_asks_too_often_is_told_when_to_ask_again_and_nobody_else_is(within, pool, account, served):
    namespaces = {"people": ("tencent", "alibaba"), "agent": ("hanse-cluster-gz", "hanse-cluster-hz")}[account]
    name = {"people": "people", "agent": "hanse-agent"}[account]
    flooding, other = (bearer(pool.token(namespace, name)) for namespace in namespaces)
    path = "/v1/balances" if account == "people" else "/v1/agent/enrolments"
    said = [within.get(path, headers=flooding) for _ in range(served + 1)]
    assert [200] * served + [429] == [each.status_code for each in said]
    assert 1 <= int(said[-1].headers["Retry-After"]) <= 120
    assert f"has sent {served} requests within a minute: wait" in said[-1].json()["detail"]
    assert 200 == within.get(path, headers=other).status_code


@pytest.mark.usefixtures("one_moment")
def test_of_an_address_that_tries_wrong_tokens_no_more_are_reviewed(within):
    said = [within.get("/v1/balances", headers=bearer("x.y.z")).status_code for _ in range(4)]
    assert [401, 401, 401, 429] == said
    assert 401 == within.get("/v1/balances").status_code, "without a token nobody is asked"


def test_lists_come_in_pages(as_):
    people = as_("people of tencent")
    _, whole = people.send("GET", "/v1/balances")
    assert len(whole["items"]) > 2
    assert whole["next"] is None
    found, cursor = [], ""
    for _ in whole["items"]:
        status, part = people.send("GET", f"/v1/balances?limit=1&cursor={cursor}")
        assert (200, 1) == (status, len(part["items"]))
        found, cursor = found + part["items"], part["next"]
    assert (whole["items"], None) == (found, cursor)


@hypothesis.given(st.sets(st.tuples(st.text(max_size=3), st.integers(0, 9))), st.integers(1, 4), st.data())
def test_pages_have_each_thing_once_even_if_others_come_and_go(keys, limit, data):
    there = sorted(keys)
    found, cursor = [], ""
    while True:
        page = paging.page(there, lambda each: each, limit, cursor)
        found += page.items
        cursor = page.next
        if not cursor:
            break
        passing = data.draw(st.sets(st.tuples(st.text(max_size=3), st.integers(10, 19)), max_size=3))
        there = sorted(keys | passing)
    assert sorted(keys) == [each for each in found if each in keys]
    assert len(found) == len(set(found))


@hypothesis.given(st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: raw.hex()))
def test_a_cursor_that_is_none_is_refused_with_its_value(text):
    hypothesis.assume(not is_cursor(text))
    with pytest.raises(InvalidError) as refused:
        paging.page([("a", 1), ("b", 2)], lambda each: each, 1, text)
    assert ("query.cursor", text[:60]) == (refused.value.field, refused.value.value)


def is_cursor(text):
    try:
        return paging.read(text) is None or isinstance(paging.read(text), tuple)
    except InvalidError:
        return False


def test_the_description_is_valid_openapi(as_):
    openapi_spec_validator.validate(DESCRIPTION)
    assert (200, DESCRIPTION) == as_("nobody").send("GET", "/v1/openapi.json")


def test_each_refusal_that_there_is_is_described():
    for path, operations in DESCRIPTION["paths"].items():
        for operation in operations.values():
            described = {int(status) for status in operation["responses"]}
            assert {408, 413, 500} <= described, path
            ours = {each.status for each in ProblemError.__subclasses__()}
            # Nothing else fills a disk.
            ours -= set() if path.startswith("/v1/audit/exports") else {HTTPStatus.INSUFFICIENT_STORAGE}
            assert "health" in operation["tags"] or ours <= described, path


def bodies():
    """Yield the names of the schemas that are requests or answers."""
    for operations in DESCRIPTION["paths"].values():
        for operation in operations.values():
            for said in [operation.get("requestBody", {}), *operation["responses"].values()]:
                for media_type, content in said.get("content", {}).items():
                    if media_type == "application/zip":
                        continue
                    yield content["schema"]["$ref"].rpartition("/")[2]


def found(name):
    """Return the model of a schema."""
    return next(
        getattr(module, name)
        for module in (answers, disputing, logs, overseeing, protocol, uses)
        if hasattr(module, name)
    )


@pytest.mark.parametrize("name", sorted(set(bodies())))
def test_each_message_has_an_example_that_passes_its_schema_and_its_model(name):
    (example,) = DESCRIPTION["components"]["schemas"][name]["examples"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": DESCRIPTION["components"]}
    jsonschema.validate(example, schema, jsonschema.Draft202012Validator)
    if name.startswith("Page_"):
        model = paging.Page[found(name.removeprefix("Page_").removesuffix("_"))]
    else:
        model = found(name)
    read = model.model_validate_json(json.dumps(example)).model_dump(mode="json", exclude_unset=True)
    assert example == read


def test_there_is_no_example_of_what_is_not_said():
    assert set(bodies()) == examples.EXAMPLES.keys()


def test_each_path_but_the_probes_has_a_version():
    assert {"/healthz", "/readyz"} == {path for path in DESCRIPTION["paths"] if not path.startswith("/v1/")}
