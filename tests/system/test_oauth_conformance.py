"""The official suite's scenarios for an authorization server, with consent clicked in a real browser."""

import json
import re
import subprocess
import threading
from queue import Empty, Queue

import browser
import node
from harness import free_port
from playwright.sync_api import sync_playwright

SCENARIOS = {"authorization-server-metadata-endpoint", "authorization-code-grant"}


def test_both_scenarios_pass_with_consent_in_a_browser(server, tmp_path):
    port = free_port()
    with server.env() as env:
        client = env["mcp.oauth.client"].create(
            {
                "name": "Conformance suite",
                "auth_method": "none",
                "redirect_uris": f"http://127.0.0.1:{port}/callback",
            }
        )
        client_id = client.client_id
    command = node.conformance(
        *("authorization", "--url", server.url, "--client-id", client_id, "--resource", server.mcp),
        *("--port", str(port), "--output-dir", str(tmp_path)),
    )
    printed: Queue[str] = Queue()
    suite = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    reader = threading.Thread(target=lambda: [printed.put(line) for line in suite.stdout])
    reader.start()
    try:
        lines = _consent_whenever_asked(server, suite, printed)
    finally:
        suite.kill()
        suite.wait()
        reader.join()
    results = {path.parent.name: json.loads(path.read_text()) for path in tmp_path.rglob("checks.json")}
    ran = {name for name in SCENARIOS if any(name in folder for folder in results)}
    assert ran == SCENARIOS, "".join(lines)
    bad = [check for checks in results.values() for check in checks if check["status"] in ("FAILURE", "WARNING")]
    assert not bad, json.dumps(bad, indent=1)[:3000]
    assert all(any(check["status"] == "SUCCESS" for check in checks) for checks in results.values())


def _consent_whenever_asked(server, suite, printed: Queue) -> list[str]:
    """Open each address that the suite prints, and click Allow; what the suite said, when it ends."""
    lines: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.ensure(), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = chromium.new_page()
        for _ in range(600):
            try:
                lines.append(printed.get(timeout=0.2))
            except Empty:
                if suite.poll() is not None:
                    break
                continue
            if address := re.search(rf"{re.escape(server.url)}/mcp/oauth/authorize\?\S+", lines[-1]):
                page.goto(address[0])
                if page.locator("input[name=login]").count():
                    page.fill("input[name=login]", "admin")
                    page.fill("input[name=password]", "admin")
                    page.click("button[type=submit]")
                page.click("button[value=allow]")
        chromium.close()
    return lines
