"""``bin/test [RING|FILE…] [-- PYTEST ARGUMENTS…]``: the rings of tests, each run by pytest."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import browser
import places
import postgres
from odoo_process import MODULE, TEST_MODULE, Odoo, odoo_on
from trouble import Trouble, say

RINGS = ("pure", "model", "http", "tour", "system")
# Made once and copied: Odoo's own modules take longer to install than ours.
BASE_DATABASE = "mcp_base"
PLUGIN = "pytest_rings"


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
    rings = _chosen(names)
    work = places.RUNTIME / f"test-{os.getpid()}"
    work.mkdir()
    try:
        for ring in rings:
            if ring.name == "pure":
                _run(ring, work, _pure_command(), None, extra)
        if any(ring.name != "pure" for ring in rings):
            _run_with_database([ring for ring in rings if ring.name != "pure"], work, extra)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return _report(rings)


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    cut = arguments.index("--")
    return arguments[:cut], arguments[cut + 1 :]


def ring_of(path: Path) -> str:
    """Which ring a test file belongs to, by its name."""
    if path.parent.name == "system":
        return "system"
    for name, prefix in (("pure", "test_protocol_"), ("http", "test_http_"), ("tour", "test_tour_")):
        if path.name.startswith(prefix):
            return name
    return "model"


def _chosen(names: list[str]) -> list[Ring]:
    files = sorted((places.ADDON / "tests").glob("test_*.py")) + sorted(
        (places.ADDON / "tests/system").glob("test_*.py")
    )
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


def _run_with_database(rings: list[Ring], work: Path, extra: list[str]) -> None:
    with postgres.running(safe=False) as server:
        odoo = odoo_on(server, "data-test", with_test_addons=True)
        with test_database(odoo) as database:
            for ring in rings:
                if ring.name == "tour":
                    browser.ensure()
                if ring.name == "system":
                    _run(ring, work, ["-p", "no:odoo"], _system_environment(odoo, database), extra)
                else:
                    _run(ring, work, _odoo_command(odoo, database), odoo.environment(), extra)


@contextmanager
def test_database(odoo: Odoo) -> Iterator[str]:
    """A database of this run's own with the addon and its test addon installed, gone afterwards."""
    if not odoo.server.has(BASE_DATABASE):
        say("Making a database with Odoo's own modules, for this and later runs (about half a minute)")
        unfinished = f"{BASE_DATABASE}_{os.getpid()}"
        odoo.install(unfinished, ["mail"])
        odoo.server.run(f"ALTER DATABASE {unfinished} RENAME TO {BASE_DATABASE}")
        (odoo.data / "filestore" / unfinished).rename(odoo.data / "filestore" / BASE_DATABASE)
    database = f"mcp_test_{os.getpid()}"
    odoo.clone(BASE_DATABASE, database)
    try:
        say("Installing the addon")
        odoo.install(database, [MODULE, TEST_MODULE])
        yield database
    finally:
        odoo.drop(database)


def _pure_command() -> list[str]:
    return ["-p", "no:odoo"]


def _odoo_command(odoo: Odoo, database: str) -> list[str]:
    extra = [option.removeprefix("--") for option in odoo.server.options()]
    extra += [f"data-dir={odoo.data}", "http-interface=127.0.0.1"]
    return [
        "--odoo-http",
        f"--odoo-database={database}",
        "--odoo-log-level=warn",
        f"--odoo-addons-path={odoo.addons_path()}",
        *(argument for option in extra for argument in ("--odoo-extra", option)),
    ]


def _system_environment(odoo: Odoo, database: str) -> dict[str, str]:
    return odoo.environment() | {"MCP_TEST_TEMPLATE": database}


def _run(ring: Ring, work: Path, options: list[str], environment: dict | None, extra: list[str]) -> None:
    say(f"Ring {ring.name}: {len(ring.files)} files")
    started = time.monotonic()
    result = work / f"{ring.name}.json"
    base = environment or {**os.environ, "PYTHONPATH": str(odoo_path())}
    here = Path(__file__).parent
    command = [
        str(places.PYTHON),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        PLUGIN,
        f"--rootdir={places.ADDON / 'tests' / 'system' if ring.name == 'system' else places.ADDON}",
        *options,
        *extra,
        *map(str, ring.files),
    ]
    # Outside the checkout: started inside it, pytest would import the addon under the wrong name.
    done = subprocess.run(
        command,
        cwd=work,
        check=False,
        env=base
        | {"PYTHONPATH": f"{base['PYTHONPATH']}{os.pathsep}{here}", "MCP_RING": ring.name, "MCP_RESULT": str(result)},
    )
    ring.seconds = time.monotonic() - started
    _count(ring, result, done.returncode)


def odoo_path() -> Path:
    import source  # noqa: PLC0415

    return source.find().python_path


def _count(ring: Ring, result: Path, exit_code: int) -> None:
    counts = json.loads(result.read_text()) if result.exists() else {}
    ring.passed, ring.failed, ring.skipped = (counts.get(kind, 0) for kind in ("passed", "failed", "skipped"))
    # A ring that could not run, ran nothing, or ended badly for another reason has failed.
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
