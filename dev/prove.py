"""``bin/prove [NAME…]``: takes each protection out in turn, and sees the test fail that is there to notice."""

import ast
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import places
from trouble import Trouble, say

PROOFS = places.CHECKOUT / "tests" / "proofs"


@dataclass(frozen=True)
class Proof:
    """One file of ``tests/proofs``: the line of DESIGN it is about, and the tests that must fail."""

    name: str
    line: str
    file: str
    tests: str


def main(arguments: list[str]) -> int:
    proofs = [_read(path) for path in sorted(PROOFS.glob("[a-z]*.py"))]
    if unknown := set(arguments) - {proof.name for proof in proofs}:
        raise Trouble(f"There is no proof {', '.join(sorted(unknown))}.")
    proofs = [proof for proof in proofs if not arguments or proof.name in arguments]
    results = [(proof, _holds(proof)) for proof in proofs]
    print()
    for proof, holds in results:
        print(f"{'proved' if holds else 'NOT PROVED':11} {proof.line:5} {proof.name}: {proof.file} -k {proof.tests!r}")
    missed = sum(not holds for _proof, holds in results)
    print(f"{len(results) - missed} passed, {missed} failed")
    return 1 if missed else 0


def _read(path: Path) -> Proof:
    """The constants of a proof, without running it."""
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and node.targets[0].id in ("LINE", "FILE", "TESTS")
    }
    return Proof(path.stem, constants["LINE"], constants["FILE"], constants["TESTS"])


def _holds(proof: Proof) -> bool:
    """Whether the tests pass as things are, and fail without the protection."""
    say(f"{proof.name}: as it is")
    passes = _run(proof, {}) == 0
    say(f"{proof.name}: without the protection")
    return passes and _run(proof, {"MCP_PROOF": str(PROOFS / f"{proof.name}.py")}) == 1


def _run(proof: Proof, extra: dict[str, str]) -> int:
    """The exit code of the named tests; what they print is of no interest here."""
    command = [sys.executable, str(Path(__file__).parent), "test", proof.file, "--", "-k", proof.tests]
    environment = os.environ | extra | {"MCP_READY": str(places.VENV)}
    return subprocess.run(
        command, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ).returncode
