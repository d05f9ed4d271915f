"""``bin/test [RING|FILE…] [-- PYTEST ARGUMENTS…]``: the rings of tests, each run by pytest."""

import json
import os
import shutil
import tempfile
import time
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import browser
import node
import pdf
import places
import postgres
import processes
import source
from databases import BUSINESS, test_database
from odoo_process import Odoo, odoo_on
from trouble import Trouble, say

RINGS = ("pure", "model", "http", "tour", "system")
PLUGIN = "pytest_rings"
NEED_NODE = {"test_conformance.py", "test_inspector.py", "test_business_clients.py"}


@dataclass
class Ring:
    """The files of one ring, and how its run ended."""

    name: str
    files: list[Path] = field(default_factory=list)
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0


def main(arguments: list[str]) -> int:
    names, extra = _split(arguments)
    rings = chosen(names, _test_files())
    work = Path(tempfile.mkdtemp(prefix="test-", dir=places.RUNTIME))
    try:
        _run_all(rings, work, extra)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _report(rings)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    cut = arguments.index("--")
    return arguments[:cut], arguments[cut + 1 :]


def _test_files() -> list[Path]:
    tests = places.ADDON / "tests"
    return [*sorted(tests.glob("test_*.py")), *sorted((tests / "system").glob("test_*.py"))]


def ring_of(path: Path) -> str:
    """Which ring a test file belongs to, by its name."""
    if path.parent.name == "system":
        return "system"
    for name, prefix in (("pure", "test_protocol_"), ("http", "test_http_"), ("tour", "test_tour_")):
        if path.name.startswith(prefix):
            return name
    return "model"


def chosen(names: list[str], files: list[Path]) -> list[Ring]:
    """The rings to run: all, or those that are named and those of the files that are named.

    :raise Trouble: if a name is neither
    """
    wanted = {Path(name).name for name in names}
    if unknown := wanted - set(RINGS) - {path.name for path in files}:
        raise Trouble(f"There is no ring and no test file {', '.join(sorted(unknown))}. Rings: {', '.join(RINGS)}.")
    rings = [Ring(name) for name in RINGS]
    for ring in rings:
        ring.files = [
            path
            for path in files
            if ring_of(path) == ring.name and (not wanted or ring.name in wanted or path.name in wanted)
        ]
    return [ring for ring in rings if ring.files or ring.name in wanted or not wanted]


def _run_all(rings: list[Ring], work: Path, extra: list[str]) -> None:
    """Run the rings one after the other; one that cannot run has failed, and the others still run."""
    with_database = []
    for ring in rings:
        if not ring.files:
            print(f"The ring {ring.name} has no tests.")
            ring.failed = 1
        elif ring.name == "pure":
            _run(ring, work, ["-p", "no:odoo"], source.find().environment(), extra)
        else:
            with_database.append(ring)
    try:
        if with_database:
            _run_with_database(with_database, work, extra)
    except Trouble as trouble:
        print(trouble)
        for ring in with_database:
            ring.failed += 1


def _run_with_database(rings: list[Ring], work: Path, extra: list[str]) -> None:
    with postgres.running(safe=False) as server:
        odoo = odoo_on(server, "data-test", with_test_addons=True)
        # A run of business files alone does without the other database.
        plain = not all(_needs_business(path) for ring in rings for path in ring.files)
        with test_database(odoo) if plain else nullcontext("") as database:
            for ring in rings:
                try:
                    _run_on(database, odoo, ring, work, extra)
                except Trouble as trouble:
                    print(trouble)
                    ring.failed = 1


def _run_on(database: str, odoo: Odoo, ring: Ring, work: Path, extra: list[str]) -> None:
    if ring.name == "system":
        _run_system(database, odoo, ring, work, extra)
        return
    if ring.name == "tour":
        browser.ensure()
        say("Generating what the web client loads")
        # As Odoo itself does before tests of this kind: otherwise each test's first page makes it anew, and waits.
        odoo.shell(database, "env['ir.qweb']._pregenerate_assets_bundles()")
    options = ["--odoo-http", f"--odoo-database={database}", "--odoo-log-level=warn"]
    _run(ring, work, options, odoo.environment(), extra)


def _run_system(database: str, odoo: Odoo, ring: Ring, work: Path, extra: list[str]) -> None:
    databases = {"MCP_TEST_TEMPLATE": database}
    with ExitStack() as stack:
        if any(map(_needs_business, ring.files)):
            pdf.ensure()
            databases["MCP_TEST_BUSINESS"] = stack.enter_context(test_database(odoo, BUSINESS))
        if NEED_NODE & {path.name for path in ring.files}:
            node.ensure()
        _run(ring, work, ["-p", "no:odoo"], odoo.environment() | databases, extra)


def _needs_business(path: Path) -> bool:
    """Whether a test file is about Odoo's own applications, whose database takes minutes to make the first time."""
    return path.name.startswith("test_business_")


def _run(ring: Ring, work: Path, options: list[str], environment: dict[str, str], extra: list[str]) -> None:
    say(f"Ring {ring.name}: {len(ring.files)} files")
    started = time.monotonic()
    result = work / f"{ring.name}.json"
    root = places.ADDON / "tests" / "system" if ring.name == "system" else places.ADDON
    environment |= {
        "PYTHONPATH": f"{environment['PYTHONPATH']}{os.pathsep}{Path(__file__).parent}",
        "MCP_RING": ring.name,
        "MCP_RESULT": str(result),
    }
    command = [places.PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", PLUGIN, f"--rootdir={root}"]
    # Outside the checkout: started inside it, pytest would import the addon under the wrong name.
    code = processes.run([*command, *options, *extra, *ring.files], cwd=work, env=environment)
    ring.seconds = time.monotonic() - started
    _count(ring, result, code)


def _count(ring: Ring, result: Path, exit_code: int) -> None:
    counts = json.loads(result.read_text()) if result.exists() else {}
    ring.passed, ring.failed, ring.skipped = (counts.get(kind, 0) for kind in ("passed", "failed", "skipped"))
    # A ring that ran nothing, or ended badly for another reason, has failed.
    if ring.failed == 0 and (exit_code or ring.passed == 0):
        ring.failed = 1


def _report(rings: list[Ring]) -> int:
    print()
    for ring in rings:
        counts = f"{ring.passed:4} passed {ring.failed:3} failed {ring.skipped:3} skipped"
        print(f"{ring.name:8} {counts} {ring.seconds:7.1f} s")
    passed, failed, skipped = (sum(getattr(ring, kind) for ring in rings) for kind in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0
