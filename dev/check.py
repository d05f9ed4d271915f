"""``bin/check``: linters, well-formed XML, and the tests that need no database."""

import os
import sys
from pathlib import Path

import places
import processes
import rings
from trouble import say

# Programs of their own, which may print and need not look like parts of an addon.
PROGRAMS = ("dev/", "benchmarks/", "tests/system/")


def main(arguments: list[str]) -> int:
    bin_folder = places.VENV / "bin"
    addon = [name for name in _files(".py") if not name.startswith(PROGRAMS)]
    steps = {
        "ruff": [bin_folder / "ruff", "check", "."],
        "ruff format": [bin_folder / "ruff", "format", "--check", "."],
        "pylint-odoo": [bin_folder / "pylint", "--rcfile=.pylintrc", "--jobs=2", *addon],
        "xml": [sys.executable, "dev/check_xml.py", *_files(".xml")],
        "tests of dev/": [sys.executable, "-m", "unittest", "discover", "-q", "-s", "dev/tests"],
    }
    failed = []
    for name, command in steps.items():
        say(name)
        if processes.run(command, cwd=places.CHECKOUT, env=os.environ | {"PYTHONPATH": "dev"}):
            failed.append(name)
    if "--no-tests" not in arguments and rings.main(["pure"]):
        failed.append("pure tests")
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def _files(suffix: str) -> list[str]:
    """All of the checkout's own, for which no git is needed."""
    found = []
    for folder, subfolders, names in os.walk(places.CHECKOUT):
        subfolders[:] = [
            name for name in subfolders if not name.startswith(".") and Path(folder, name) != places.RUNTIME
        ]
        found += [Path(folder, name).relative_to(places.CHECKOUT) for name in names if name.endswith(suffix)]
    return sorted(map(str, found))
