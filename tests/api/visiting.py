"""A browser without a screen, and which pages there are and for whom."""

import json
import re
from urllib.parse import urlencode

import urllib3

MEMBERS = {"people of tencent", "people of alibaba", "alice of tencent"}
TENCENT = {"people of tencent", "alice of tencent"}
AUDITORS = {"bob, an auditor"}
COORDINATORS = {"coordinator"}
PEOPLE = MEMBERS | AUDITORS | COORDINATORS | {"another account of gz", "carol, of nobody"}

# Who may see each page. A page that is not here fails a test.
PAGES = {
    "/": PEOPLE,
    "/member": MEMBERS,
    "/pool": MEMBERS,
    "/whatif": MEMBERS,
    "/jobs/{namespace}/{name}": TENCENT,
    "/audit": AUDITORS,
    "/audit/exports/{period}": AUDITORS,
    "/coordination": COORDINATORS,
}
# Forms, other than those to come in and go.
FORMS = {"/whatif": MEMBERS}
# What needs no session: the way in, and what all pages share.
OPEN_PAGES = {
    ("GET", "/login"), ("POST", "/login"), ("POST", "/login/confirm"), ("POST", "/logout"), ("GET", "/static/{name}"),
}  # fmt: skip
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def confirming(answer):
    """Return the code in the page that asks whether to go in."""
    return re.search(r'name="code" value="([\w-]{43})"', answer.data.decode())[1]


class Browser:
    """Requests with cookies, as they are set; redirects are not followed."""

    def __init__(self, url):
        self.url, self.cookies = url, {}
        self._http = urllib3.PoolManager(timeout=60, retries=False)

    def get(self, path, **headers):
        return self._ask("GET", path, None, headers)

    def post(self, path, fields=None, headers=SAME_ORIGIN):
        return self._ask("POST", path, urlencode(fields or {}), dict(headers))

    def code(self, token):
        """Return a code for a token, as `hanse login` gets it."""
        answer = self._http.request("POST", f"{self.url}/v1/login", headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 200, answer.data
        return json.loads(answer.data)["code"]

    def asked(self, token, headers=SAME_ORIGIN):
        """Return the code that opens a session, after the page that says whose it is."""
        return confirming(self.post("/login", {"code": self.code(token)}, headers))

    def enter(self, token):
        answer = self.post("/login/confirm", {"code": self.asked(token)})
        assert (303, "/") == (answer.status, answer.headers["Location"]), answer.data
        return self

    def _ask(self, method, path, body, headers):
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self._http.request(method, self.url + path, body=body, headers=headers)
        for each in answer.headers.getlist("Set-Cookie"):
            name, _, value = each.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
            if re.search(r"max-age=0", each, re.IGNORECASE):
                del self.cookies[name]
        return answer


def session_of(shown, tokens, who):
    return Browser(shown.api_url).enter(tokens[who])
