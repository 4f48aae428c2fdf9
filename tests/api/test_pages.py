"""The pages in a real browser: for whom they are, what they show, and that everybody can use them."""

import json
import os
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import scene
import visiting
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from test_access import ENDPOINTS, KNOWN, UNKNOWN, path_of
from visiting import MEMBERS, PAGES, PEOPLE, PHONE, WIDE, Browser

from hanse.cli.demo import dashboard
from hanse.cli.demo.stage import Stage

pytestmark = pytest.mark.usefixtures("roles")
PICTURES = Path(__file__).parents[2] / "docs/pictures"
# Whose first page is which.
ROLES = {
    "people of tencent": "/member",
    "people of alibaba": "/member",
    "bob, an auditor": "/audit",
    "coordinator": "/coordination",
    "carol, of nobody": "/",
}


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_page_is_for_whom_its_endpoint_is_and_nobody_else(shown, tokens, path):
    for who in sorted(PEOPLE):
        answer = visiting.session_of(shown, tokens, who).get(path_of(path))
        assert (403 != answer.status) == (who in PAGES[path]), f"{who}: {answer.status}"
        assert 500 > answer.status, f"{who}: {answer.data}"
    for cookies in ({}, {"hanse": "x" * 43}, {"hanse": "short"}):
        nobody = Browser(shown.api_url)
        nobody.cookies = dict(cookies)
        assert (303, "/login") == (nobody.get(path_of(path)).status, nobody.get(path_of(path)).headers["Location"])


def test_a_token_opens_no_page_by_itself(shown, tokens):
    headers = {"Authorization": f"Bearer {tokens['people of tencent']}"}
    assert 303 == Browser(shown.api_url).get("/member", **headers).status
    assert tokens.keys() == KNOWN | UNKNOWN


def test_nobody_looks_at_the_member_or_job_of_another(shown, tokens):
    rival = visiting.session_of(shown, tokens, "people of alibaba")
    assert 403 == rival.get("/member?member=tencent").status
    assert 403 == rival.get("/jobs/tencent/llm").status
    for path in ("/member", "/pool", "/"):
        text = rival.get(path).data.decode()
        assert not [word for word in ("tencent", "llm-70b-pretrain", "speech-large") if word in text], path


def test_a_member_is_told_nothing_of_a_rival(shown, tokens):
    own = visiting.session_of(shown, tokens, "people of tencent")
    for path in ("/member", "/member?range=31d", "/pool", "/jobs/tencent/llm"):
        assert "alibaba" not in own.get(path).data.decode(), path


@pytest.mark.parametrize("who", sorted(ROLES))
def test_the_code_in_an_address_opens_the_page_of_whoever_it_is_for(visit, who):
    page = visit(who)
    assert page.url.endswith(ROLES[who])
    assert "#" not in page.url


def test_a_code_does_not_stay_in_the_address_nor_is_a_session_opened_unasked(visit, shown, tokens):
    page = visit()
    page.goto(f"/login#{Browser(shown.api_url).code(tokens['people of tencent'])}")
    expect(page.locator("[data-code]")).to_have_value(re.compile("^.{43}$"))
    assert page.url.endswith("/login")
    assert [] == page.context.cookies()
    page.keyboard.press("Enter")
    expect(page.locator(".whose")).to_have_text("system:serviceaccount:tencent:people")
    assert [] == page.context.cookies()
    page.locator("form[action='/login/confirm'] button").press("Enter")
    page.wait_for_url("**/member")
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "hanse"]
    assert (True, "Strict") == (cookie["httpOnly"], cookie["sameSite"])
    assert "hanse=" not in page.evaluate("document.cookie")


def test_who_logs_out_is_out(visit):
    page = visit("people of tencent")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.goto("/member")
    assert page.url.endswith("/login")


def test_the_member_sees_use_caps_queue_jobs_and_statement(visit):
    page = visit("people of tencent")
    expect(page.locator("#usage")).to_be_visible()
    assert 24 <= page.locator("[data-live=usage] rect.used").count()
    assert 5 <= page.locator("[data-live=usage] .chart line.entitled").count(), "it rose, and fell twice"
    said = page.locator("main").inner_text()
    for words in (
        "1,600 in use of 1,280 entitled", "320 borrowed", "268,000 left", "it runs out in 5 d 23 h", "llm-70b-pretrain",
        "Waiting for GPUs to be given back", "step 48200", "Standing", "-7 H100e-hours",
    ):  # fmt: skip
        assert words in said, words


def test_what_the_leader_says_is_said_in_the_language_of_the_page(visit):
    page = visit("people of tencent", locale="zh-CN")
    queue = page.locator("[data-live=queue]")
    for words in (
        "正在为其停止较弱的作业",
        "再空出 512 块 h100-sxm",
        "剩余 6,400 H100e 小时",
        "预计启动",
        "2027/01/15",
    ):
        expect(queue).to_contain_text(words)
    assert 0 == queue.locator("[lang=en]").count()


def test_the_coordinator_sees_offers_recalls_and_what_is_wrong_and_nobodys_jobs(visit):
    page = visit("coordinator")
    said = page.locator("main").inner_text()
    for words in (
        "1 of 3 clusters are silent at once", "tencent-sh silent for 3 min", "7 of 7 nodes that are not ready", "of 2",
        "1,024 GPUs offered · 968 healthy · 0 stale · 56 down", "being taken back", "under way",
    ):  # fmt: skip
        assert words in said, words
    assert 4 == page.locator("[data-live=offers] svg[role=img]").count()
    assert not [name for name in ("llm-70b-pretrain", "speech-large", "asr-distill") if name in page.content()]


def test_times_are_in_the_viewers_zone_and_utc_without_a_script(visit):
    zone = visit("people of tencent", timezone_id="Asia/Shanghai")
    assert "Asia/Shanghai" == zone.locator("[data-zone]").inner_text()
    assert "GMT+8" in zone.locator(".title time").inner_text()
    assert zone.locator(".title time").get_attribute("datetime").endswith("Z")


def test_new_figures_are_put_in_place_without_a_new_page(visit, monkeypatch):
    page = visit("people of tencent")
    page.evaluate("window.kept = 1")
    monkeypatch.setitem(scene.TOLD, "queue", scene.TOLD["queue"][:1])
    page.evaluate("refresh()")
    expect(page.locator("ol.queue li")).to_have_count(1)
    assert 1 == page.evaluate("window.kept")


def test_who_has_no_session_any_more_is_told_so_in_words_and_old_figures_stay(visit):
    page = visit("people of tencent")
    live = page.locator("[data-live-state]")
    page.evaluate("refresh()")
    expect(live).to_have_attribute("data-live-state", "on")
    expect(live).to_have_text("live")
    page.context.clear_cookies(name="hanse")
    page.evaluate("refresh()")
    expect(live).to_have_text("the session has ended: open another with hanse login")
    expect(page.locator("ol.queue li")).to_have_count(3)


@pytest.mark.parametrize(("locale", "said"), [("en-US", "2026-11-02, 00:05 UTC"), ("zh-CN", "2026/11/02 UTC 00:05")])
def test_midnight_is_nought_o_clock_and_a_date_can_be_read_in_one_way(visit, locale, said):
    page = visit(locale=locale, timezone_id="UTC")
    page.goto("/login")
    time = "document.querySelector('footer').innerHTML = '<time datetime=\"2026-11-02T00:05:00Z\"></time>'"
    page.evaluate(f"{time}; showTimes(document)")
    expect(page.locator("footer time")).to_have_text(said)


def test_another_language_shows_the_same_page_and_is_not_offered_where_it_would_lose_an_answer(visit, shown, tokens):
    page = visit("people of tencent")
    page.goto("/member?member=tencent&range=31d&period=2026-01")
    page.get_by_role("link", name="中文").click()
    page.wait_for_url(re.compile("member=tencent&range=31d&period=2026-01&lang=zh"))
    asked = Browser(shown.api_url)
    answer = asked.post("/login", {"code": asked.code(tokens["people of tencent"])})
    assert (200, False) == (answer.status, b'class="languages"' in answer.data)


def test_a_statement_of_an_earlier_month_is_a_click_away_and_says_how_far_it_is_settled(visit, shown, tokens):
    page = visit("people of tencent")
    # In which the hours are that are posted; on the first day of a month most are of the month before.
    page.goto(f"/member?period={time.strftime('%Y-%m', time.gmtime(shown.now() - 3 * 3600))}")
    statement = page.locator("[data-live=statement]")
    expect(statement.locator(".chip").first).to_have_text("open")
    expect(statement).to_contain_text("GPU-hours in use of")
    statement.get_by_role("navigation").get_by_role("link").nth(2).click()
    expect(page.locator("[data-live=statement] [aria-current]")).to_have_count(1)
    expect(page.locator("[data-live=statement]")).to_contain_text("Nothing is booked in this period yet.")
    assert 422 == visiting.session_of(shown, tokens, "people of tencent").get("/member?period=2026-13").status


def test_jobs_have_their_class_their_memory_and_their_last_checkpoint(visit):
    page = visit("people of tencent")
    rows = page.locator("[data-live=jobs] tbody tr")
    for name, words in (
        ("asr-distill", ("h100-sxm", "tencent-gz", "whole GPUs", "step 48200", "2026-11-02")),
        ("tokenizer-sweep", ("10 GiB", "up to 40 GiB")),
    ):
        for each in words:
            expect(rows.filter(has_text=name)).to_contain_text(each)
    assert "up to" not in rows.filter(has_text="ocr-eval").inner_text()


def test_a_jobs_page_says_in_words_what_was_decided_and_what_its_attempts_used(visit):
    page = visit("people of tencent")
    page.goto("/jobs/tencent/llm")
    said = page.locator("main").inner_text()
    for words in (
        "Running", "128/128", "h100-sxm, tencent-gz", "step 48200", "128 h100-80g in tencent-gz",
        "stopped to make room for another member's job",
        "128\t60 GiB a GPU on average", "released", "leased",
    ):  # fmt: skip
        assert words in said, said
    chinese = visit("people of tencent", locale="zh-CN")
    chinese.goto("/jobs/tencent/llm")
    decisions = chinese.locator("[data-live=decisions]").inner_text()
    assert {"准入", "停止让位"} <= set(re.findall("[\u4e00-\u9fff]+", decisions))


def test_a_member_that_the_pool_does_not_plan_with_yet_has_a_page(visit, monkeypatch):
    monkeypatch.delitem(scene.TOLD, "planned")
    page = visit("people of tencent")
    expect(page.locator("[data-live=now]")).to_contain_text("the pool does not plan with tencent yet")
    expect(page.locator("[data-live=jobs]")).to_contain_text("asr-distill")


def test_a_refusal_is_in_the_language_of_the_page(shown, tokens):
    rival = visiting.session_of(shown, tokens, "people of alibaba")
    assert "您无权查看" in rival.get("/member?member=tencent&lang=zh").data.decode()
    stale = Browser(shown.api_url).post("/login?lang=zh", {"code": "x" * 43})
    assert (422, True, False) == (stale.status, "代码无效" in stale.data.decode(), b"not any more" in stale.data)


ASKED = sorted(path for (method, path), (allowed, _) in ENDPOINTS.items() if method == "GET" and allowed & MEMBERS)


@pytest.mark.parametrize("path", ASKED)
def test_no_answer_to_a_member_names_its_rival(shown, shown_to, path):
    """Of all there are, the one that somebody adds tomorrow too: nothing in it is a rival's name, job or cluster."""
    names = {"people of tencent": ["alibaba"], "people of alibaba": ["tencent", "llm-70b-pretrain", "asr-distill"]}
    allowed, _ = ENDPOINTS["GET", path]
    now = shown.now()
    for who in sorted(names.keys() & allowed):
        status, told = shown_to(who).send("GET", f"{path_of(path)}?from={now - 86400}&to={now}")
        assert (200, []) == (status, [name for name in names[who] if name in json.dumps(told)]), told


def test_the_pages_are_as_good_without_a_script(shown, tokens):
    own = visiting.session_of(shown, tokens, "people of tencent")
    text = own.get("/member").data.decode()
    assert re.search(r'<time datetime="[^"]+Z">[^<]+ UTC</time>', text)


def test_a_leader_that_is_away_leaves_the_rest_of_the_page(pool, tokens):
    text = Browser(pool.api_url).enter(tokens["people of tencent"]).get("/member").data.decode()
    assert 4 <= text.count("no leading operator answers")
    assert "Statement for" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("who", "path"),
    [
        (None, "/login"), ("carol, of nobody", "/"), ("people of tencent", "/member"), ("people of alibaba", "/member"),
        ("people of tencent", "/whatif"), ("people of tencent", "/jobs/tencent/llm"), ("people of tencent", "/pool"),
        ("bob, an auditor", "/audit"),
        ("coordinator", "/coordination"), ("coordinator", "/audit"),
    ],
)  # fmt: skip
def test_axe_finds_nothing_serious(visit, who, path, scheme):
    page = visit(who, color_scheme=scheme)
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    found = Axe().run(page).response["violations"]
    assert [] == [
        (each["id"], each["impact"], [node["html"][:120] for node in each["nodes"][:3]])
        for each in found
        if each["impact"] in {"serious", "critical", "moderate"}
    ]


@pytest.mark.parametrize("path", ["/member", "/pool", "/whatif"])
def test_nothing_is_wider_than_a_phone(visit, path):
    page = visit("people of tencent", viewport=PHONE)
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_keyboard_reaches_the_content_first(visit):
    page = visit("people of tencent")
    page.keyboard.press("Tab")
    assert "Skip to the content" == page.evaluate("document.activeElement.textContent")


@pytest.mark.parametrize(("chosen", "title"), [({"Accept-Language": "zh-CN,zh;q=0.9"}, "打开控制台"), ({}, "Open the")])
def test_the_browsers_language_is_taken_unless_another_is_chosen(shown, chosen, title):
    browser = Browser(shown.api_url)
    assert title in browser.get("/login", **chosen).data.decode()
    assert "Open the dashboard" in browser.get("/login?lang=en", **chosen).data.decode()
    assert "Open the dashboard" in browser.get("/login", **chosen).data.decode()


def test_the_demo_opens_the_dashboard_as_each_role(shown, pool, monkeypatch):
    roles = {
        "a member": ("tencent", "people", "tencent"),
        "another": ("hanse-system", "newcomer", "You are known here"),
    }
    monkeypatch.setattr(dashboard, "ROLES", roles)
    stage = Stage(pool.cluster.kubeconfig)
    hub = SimpleNamespace(api_url=shown.api_url, own=pool.cluster)
    dashboard.show(stage, hub)
    assert (2, []) == (len(stage.held), stage.failed)
    assert all("hanse login" in line for line in dashboard.ways_in(hub)[1:])


PICTURED = {
    "member-light": ("people of tencent", "/member", WIDE, "light", "en-US"),
    "member-dark": ("people of tencent", "/member", WIDE, "dark", "en-US"),
    "member-chinese": ("people of tencent", "/member", WIDE, "light", "zh-CN"),
    "member-phone": ("people of tencent", "/member", PHONE, "light", "en-US"),
    "whatif-light": ("people of tencent", "/whatif", WIDE, "light", "en-US"),
    "whatif-phone": ("people of tencent", "/whatif", PHONE, "dark", "zh-CN"),
    "confirm-light": (None, "/login", WIDE, "light", "en-US"),
    "job-light": ("people of tencent", "/jobs/tencent/llm", WIDE, "light", "en-US"),
    "pool-light": ("people of tencent", "/pool", WIDE, "light", "en-US"),
    "audit-light": ("bob, an auditor", "/audit", WIDE, "light", "en-US"),
    "coordination-dark": ("coordinator", "/coordination", WIDE, "dark", "en-US"),
    "login-light": (None, "/login", WIDE, "light", "en-US"),
}


@pytest.mark.parametrize("name", sorted(PICTURED))
def test_each_picture_shows_a_page(visit, shown, tokens, name, tmp_path):
    """HANSE_WRITE_PICTURES=1, which `make pictures` sets, writes them where the documentation has them."""
    who, path, viewport, scheme, locale = PICTURED[name]
    scene.report(shown, "alibaba-hz", "tencent-gz")
    page = visit(who, viewport=viewport, color_scheme=scheme, locale=locale, timezone_id="Asia/Shanghai")
    page.goto(path)
    if path == "/whatif":
        page.locator("#workers").fill("4" if scheme == "light" else "128")
        page.locator("form[action='/whatif'] button").click()
    if name.startswith("confirm"):
        page.locator("[data-code]").fill(Browser(shown.api_url).code(tokens["people of tencent"]))
        page.locator("form[action='/login'] button").click()
    folder = PICTURES if os.environ.get("HANSE_WRITE_PICTURES") else tmp_path
    page.screenshot(path=folder / f"dashboard-{name}.png", full_page=True)
    assert (folder / f"dashboard-{name}.png").stat().st_size > 10_000
    assert (PICTURES / f"dashboard-{name}.png").exists()


def test_visiting_knows_all_people():
    assert PEOPLE <= KNOWN
    assert visiting.TENCENT < visiting.MEMBERS
