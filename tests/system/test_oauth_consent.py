"""The consent page in a real browser (FEATURES O5): what it says, what it leads to, and that nothing can frame it."""

import re
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import browser
import pytest
import requests
from harness import Person, call_tool, succeeded
from oauth_flow import REDIRECT, Application
from playwright.sync_api import Page, sync_playwright

READ = "mcp:read"


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=browser.ensure(), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield running
        running.close()


@pytest.fixture
def page(chromium):
    with _page(chromium) as opened:
        yield opened


@contextmanager
def _page(chromium, **options):
    context = chromium.new_context(viewport={"width": 1000, "height": 900}, **options)
    # The application listens where it said it would; here it only has to be reached.
    context.route(f"{REDIRECT}*", lambda route: route.fulfill(body="back in the application"))
    try:
        yield context.new_page()
    finally:
        context.close()


def _log_in(page: Page, login: str = "admin") -> None:
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", login)
    page.click("button[type=submit]")


def _open(page: Page, application: Application, login: str = "admin", **options) -> None:
    """The consent page, through Odoo's login."""
    page.goto(application.authorize_url(**options))
    _log_in(page, login)
    page.wait_for_selector("main h1")


def _answer(page: Page) -> dict[str, str]:
    page.wait_for_url(f"{REDIRECT}*")
    return {name: value for name, [value] in parse_qs(urlsplit(page.url).query).items()}


def _connection(server, application: Application) -> int:
    return server.sql(
        "SELECT max(c.id) FROM mcp_connection c JOIN mcp_oauth_client o ON o.id = c.oauth_client_id "
        f"WHERE o.client_id = '{application.client_id}'"
    )[0][0]


def test_allow_after_logging_in_lets_the_application_in(server, page):
    application = Application.register(server, "My AI tool")
    page.goto(application.authorize_url())
    assert urlsplit(page.url).path == "/web/login"
    _log_in(page)
    page.wait_for_url("**/mcp/oauth/authorize?*")
    text = page.inner_text("main")
    for shown in ("My AI tool wants to work in Odoo as you", "127.0.0.1", "(admin)", "registered itself"):
        assert shown in text, text
    assert "any program on that computer could pretend" in page.inner_text(".warning")
    page.click("button[value=allow]")
    answer = _answer(page)
    assert (answer["state"], answer["iss"]) == ("st", server.url)
    tokens = application.exchange(answer["code"]).json()
    assert tokens["scope"] == "mcp:read mcp:write"
    assert succeeded(call_tool(server, tokens["access_token"], "get_session"))


def test_deny_tells_the_application_and_makes_nothing(server, page):
    application = Application.register(server, "Denied")
    _open(page, application)
    page.click("button[value=deny]")
    answer = _answer(page)
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "st", server.url)
    assert "code" not in answer and _connection(server, application) is None


def test_read_only_grants_less(server, page):
    application = Application.register(server, "Less")
    _open(page, application)
    page.check("input[name=read_only]")
    page.click("button[value=allow]")
    tokens = application.exchange(_answer(page)["code"]).json()
    assert tokens["scope"] == READ
    values = {"model": "res.partner", "values": {"name": "x"}}
    refused = call_tool(server, tokens["access_token"], "create_record", values)
    assert not succeeded(refused)


def test_who_can_only_read_is_not_asked_whether_to_read_only(server, page):
    _open(page, Application.register(server, "Reader"), scope=READ)
    assert not page.locator("input[name=read_only]").count()
    assert "Read your records" in page.inner_text("ul") and "Create" not in page.inner_text("ul")


def test_the_page_needs_no_javascript(server, chromium, page):
    """Odoo's login does, so this person is logged in already."""
    application = Application.register(server, "No script")
    _open(page, application)
    with _page(chromium, java_script_enabled=False, storage_state=page.context.storage_state()) as page:
        page.goto(application.authorize_url())
        page.click("button[value=allow]")
        assert application.exchange(_answer(page)["code"]).status_code == 200


def test_after_a_revocation_a_page_names_whom_to_ask(server, page):
    server.new_user("revoked_user")
    application = Application.register(server, "Revoked")
    _open(page, application, "revoked_user")
    page.click("button[value=allow]")
    assert "code" in _answer(page)
    Person(server).press("mcp.connection", _connection(server, application), "action_revoke")
    with server.env() as env:
        env["mcp.settings"]._get().reconnect_needs_admin = True
        admin = env.ref("base.user_admin").name
    try:
        response = page.goto(application.authorize_url())
        assert response.status == 403
        text = page.inner_text("main")
        assert "This connection was revoked" in text and admin in text
        assert not page.locator("form").count()
    finally:
        with server.env() as env:
            env["mcp.settings"]._get().reconnect_needs_admin = False


def test_who_is_no_mcp_user_gets_no_form(server, page):
    with server.env() as env:
        group = env.ref("base.group_user").id
        values = {"name": "stranger", "login": "stranger", "password": "stranger", "group_ids": [(6, 0, [group])]}
        env["res.users"].create(values)
    _open(page, Application.register(server, "Stranger"), "stranger")
    assert "You are not an MCP User" in page.inner_text("main") and not page.locator("form").count()


def test_no_page_can_frame_it_and_it_sends_nothing_on(server, page):
    application = Application.register(server, "Framed")
    _open(page, application)
    response = page.goto(application.authorize_url())
    headers = response.all_headers()
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["x-frame-options"], headers["referrer-policy"]) == ("DENY", "no-referrer")
    assert "no-store" in headers["cache-control"]
    broken = requests.get(f"{server.url}/mcp/oauth/authorize", timeout=60)
    assert broken.status_code == 400 and broken.headers["X-Frame-Options"] == "DENY"
    page.route(
        "**/framing.html",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<iframe src="{application.authorize_url().replace("&", "&amp;")}"></iframe>',
        ),
    )
    page.goto(f"{server.url}/framing.html")
    page.wait_for_timeout(1000)
    assert not any("wants to work" in frame.content() for frame in page.frames)


def test_a_decision_without_its_token_is_none(server, page):
    """Another site cannot post one (CSRF), and a GET never grants."""
    server.expected.append("CSRF")
    application = Application.register(server, "Forged")
    _open(page, application)
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    url = application.authorize_url()
    for form in ({"decision": "allow"}, {"decision": "allow", "csrf_token": "x"}):
        answer = requests.post(url, data=form, cookies=cookies, allow_redirects=False, timeout=60)
        assert answer.status_code == 400 and "Location" not in answer.headers
    answer = requests.get(f"{url}&decision=allow", cookies=cookies, allow_redirects=False, timeout=60)
    assert "Location" not in answer.headers and _connection(server, application) is None


def test_only_who_runs_on_a_computer_is_warned_of(server, page):
    with server.env() as env:
        client = env["mcp.oauth.client"].create(
            {"name": "Web", "auth_method": "none", "redirect_uris": f"{REDIRECT}\nhttps://app.example/callback"}
        )
        application = Application(server, client.client_id)
    _open(page, application)
    assert not page.locator(".warning").count()
    assert not re.search("registered itself", page.inner_text("main"))
