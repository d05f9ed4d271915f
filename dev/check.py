"""``bin/check``: linters, well-formed XML, and the pure tests."""

import subprocess
import sys

import places
import rings
from trouble import say


def main(arguments: list[str]) -> int:
    bin_folder = places.VENV / "bin"
    # dev/ and the measurements are programs of their own, not part of the addon.
    python_files = [name for name in _tracked("*.py") if not name.startswith(("dev/", "benchmarks/"))]
    steps = {
        "ruff": [bin_folder / "ruff", "check", "."],
        "ruff format": [bin_folder / "ruff", "format", "--check", "."],
        "pylint-odoo": [bin_folder / "pylint", "--rcfile=.pylintrc", *python_files],
        "xml": [sys.executable, "dev/check_xml.py", *_tracked("*.xml")],
    }
    failed = []
    for name, command in steps.items():
        say(name)
        if subprocess.run(list(map(str, command)), cwd=places.CHECKOUT, check=False).returncode:
            failed.append(name)
    if "--no-tests" not in arguments and rings.main(["pure"]):
        failed.append("pure tests")
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def _tracked(pattern: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=places.CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (places.CHECKOUT / name).exists()]
