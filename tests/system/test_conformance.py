"""The official conformance suite against a real server, for both eras; ``docs/conformance.md`` is what it found."""

import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import node
import places
import pytest
from proxy import adding_key

MODERN, LEGACY = "2026-07-28", "2025-11-25"
# How many scenarios the suite says a revision requires of a server.
REQUIRED = {MODERN: 37, LEGACY: 30}
BASELINE = Path(__file__).with_name("conformance_baseline.yml")
WITHOUT_BACK_CHANNEL = {
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
}
# Said of every scenario in which a message was seen at all.
WIRE_CHECK = "wire-schema-valid"
NOTHING_CHECKED = "nothing was checked"
RESULT_FOLDER = re.compile(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z")
DOCUMENT = places.CHECKOUT / "docs" / "conformance.md"
TIMEOUT = 300
LONGEST_REASON = 600


@dataclass
class Run:
    """One run of the suite: the scenarios that count, and the checks of all that ran."""

    revision: str
    scored: list[str]
    checks: dict[str, list[dict]]

    @property
    def expected(self) -> set[str]:
        return WITHOUT_BACK_CHANNEL if self.revision == LEGACY else set()

    def problems(self, scenario: str) -> list[str]:
        """Why a scenario does not pass; none if it does. A warning is a failure, and so is having checked nothing."""
        checks = self.checks[scenario]
        found = [
            f"{check['status']} {check['id']}: {_reason(check)}"[:LONGEST_REASON]
            for check in checks
            if check["status"] in ("FAILURE", "WARNING")
        ]
        if not found and not any(check["status"] == "SUCCESS" and check["id"] != WIRE_CHECK for check in checks):
            found.append(NOTHING_CHECKED)
        return found


@pytest.fixture(scope="module")
def runs():
    """The runs of this session. If they are all that there can be, they are written down."""
    done: dict[str, Run] = {}
    yield done
    if done.keys() == REQUIRED.keys():
        text = _document(done)
        if not DOCUMENT.exists() or DOCUMENT.read_text() != text:
            DOCUMENT.write_text(text)


def test_the_baseline_lists_only_what_needs_a_channel_to_the_client():
    listed = re.findall(r"^  - (\S+)$", BASELINE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(WITHOUT_BACK_CHANNEL)


@pytest.mark.parametrize("revision", REQUIRED)
def test_every_scenario_that_counts_passes(server, runs, revision, tmp_path):
    """Nothing fails but what the baseline lists, and that does fail."""
    scored = _scored(revision)
    assert len(scored) == REQUIRED[revision]
    _connection, key = server.new_connection(f"conformance {revision}", scope="execute")
    options = ["--expected-failures", str(BASELINE)] if revision == LEGACY else []
    with adding_key(server.mcp, key) as url:
        command = ("server", "--url", url, "--requirements", revision, "--output-dir", str(tmp_path), *options)
        done = subprocess.run(
            node.conformance(*command), capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=tmp_path
        )
    run = Run(revision, scored, _results(tmp_path))
    said = f"\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert run.checks.keys() >= set(scored), f"Did not run: {sorted(set(scored) - run.checks.keys())}{said}"
    runs[revision] = run

    failed = {name: problems for name in scored if name not in run.expected and (problems := run.problems(name))}
    if failed:
        reasons = "\n".join(f"  {name}\n    " + "\n    ".join(problems) for name, problems in failed.items())
        pytest.fail(f"{revision}: {len(failed)} of {len(scored)} scenarios fail.\n{reasons}", pytrace=False)
    stale = [name for name in run.expected if not run.problems(name)]
    assert not stale, f"These pass now and leave the baseline: {sorted(stale)}"
    # The suite's own verdict, should it see what we do not.
    assert done.returncode == 0, said


def _reason(check: dict) -> str:
    return check.get("errorMessage") or check.get("details", {}).get("message") or check["description"]


def _scored(revision: str) -> list[str]:
    """What the suite says a server must pass."""
    listing = subprocess.run(
        node.conformance("list", "--requirements", revision), capture_output=True, text=True, timeout=60, check=True
    ).stdout
    section = listing.partition("Server scenarios")[2].partition("\n\n")[0]
    return re.findall(r"^  - (\S+)$", section, re.MULTILINE)


def _results(folder: Path) -> dict[str, list[dict]]:
    """The checks of each scenario that ran to its end."""
    return {
        RESULT_FOLDER.fullmatch(path.parent.name)[1]: json.loads(path.read_text())
        for path in sorted(folder.glob("server-*/checks.json"))
    }


def _document(runs: dict[str, Run]) -> str:
    """Byte for byte the same for the same results."""
    versions = json.loads((node.PROGRAMS / "package.json").read_text())["dependencies"]
    suite = "@modelcontextprotocol/conformance"
    introduction = (
        f"What the MCP project's own suite, `{suite}` {versions[suite]},\n"
        "finds about a real server with two workers. `bin/test test_conformance.py` runs it and writes this file."
    )
    parts = ["# Conformance", introduction]
    for revision in REQUIRED:
        parts += _section(runs[revision])
    return "\n\n".join(parts) + "\n"


def _section(run: Run) -> list[str]:
    passed = [name for name in run.scored if not run.problems(name)]
    parts = [f"## Revision {run.revision}", f"{len(passed)} of {len(run.scored)} scenarios that count pass."]
    if run.expected:
        parts.append(
            f"{len(run.expected)} are expected to fail: in them the server asks the client something during a call,\n"
            f"for which it would need a channel of its own. Since {MODERN} an answer can ask, and ours do."
        )
    parts.append(_table(run, run.scored))
    if others := sorted(run.checks.keys() - set(run.scored)):
        parts += [
            "The suite runs these too and does not count them: extensions, additions, what its own reference fails.",
            _table(run, others),
        ]
    return parts


def _table(run: Run, scenarios: list[str]) -> str:
    rows = ["| Scenario | Result | Checks |", "|---|---|---|"]
    for name in scenarios:
        statuses = Counter(check["status"] for check in run.checks[name])
        counts = [
            f"{statuses[status]} {word}"
            for status, word in (
                ("SUCCESS", "passed"),
                ("FAILURE", "failed"),
                ("WARNING", "warned"),
                ("SKIPPED", "not applicable"),
            )
            if statuses[status]
        ]
        rows.append(f"| {name} | {_result(run, name)} | {', '.join(counts)} |")
    return "\n".join(rows)


def _result(run: Run, scenario: str) -> str:
    problems = run.problems(scenario)
    if not problems:
        return "passes"
    if problems == [NOTHING_CHECKED]:
        return NOTHING_CHECKED
    return "fails, as expected" if scenario in run.expected else "fails"
