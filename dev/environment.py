"""The one virtual environment, and everything that has to be there before any command can work."""

import hashlib
import os
import platform
import shutil
import sys
from pathlib import Path

import places
import source
from processes import set_up
from trouble import Trouble, say

REQUIREMENTS = (places.CHECKOUT / "requirements.txt", places.CHECKOUT / "dev" / "requirements.txt")
SPACE_NEEDED = 4 * 1024**3


def ensure() -> None:
    """Set up what is missing. The second time this costs a few file reads."""
    try:
        places.RUNTIME.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(f"The runtime folder {places.RUNTIME} cannot be made: {error.strerror}.") from None
    with places.locked("lock", "sets up the same runtime"):
        if not (stamp_for(REQUIREMENTS).exists() and source.is_there()):
            _check_space()
        source.fetch()
        source.find()
        _make_venv()
        places.link_addon()


def _check_space() -> None:
    free = shutil.disk_usage(places.RUNTIME).free
    if free < SPACE_NEEDED:
        raise Trouble(f"{places.RUNTIME} has {free // 2**20} MB left; the set-up needs {SPACE_NEEDED // 2**20} MB.")


def stamp_for(requirements: tuple[Path, ...]) -> Path:
    """The file that says that the environment has these packages, for this Python."""
    wanted = hashlib.sha256(sys.version.encode())
    for path in requirements:
        wanted.update(path.read_bytes())
    return places.VENV / f"complete-{wanted.hexdigest()[:16]}"


def _make_venv() -> None:
    stamp = stamp_for(REQUIREMENTS)
    if stamp.exists():
        return
    earlier = list(places.VENV.glob("complete-*"))
    usable = bool(earlier) and _python_of_venv() == platform.python_version()
    for outdated in earlier:
        outdated.unlink()
    if not usable:
        # From scratch: what an interrupted installation or another Python left does not fit.
        shutil.rmtree(places.VENV, ignore_errors=True)
        # A Python without the module (Debian's package python3-venv) says so in the log.
        set_up([sys.executable, "-m", "venv", places.VENV], "Making a virtual environment", env=_plain_environment())
    say("Installing Python packages (about a minute)")
    packages = [argument for path in REQUIREMENTS for argument in ("-r", str(path))]
    command = [places.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    set_up(command, "Installing Python packages", env=_plain_environment())
    stamp.touch()


def _python_of_venv() -> str | None:
    if not places.PYTHON.exists():
        return None
    lines = (places.VENV / "pyvenv.cfg").read_text().splitlines()
    return next((value.strip() for key, _, value in (line.partition("=") for line in lines) if key == "version "), None)


def _plain_environment() -> dict[str, str]:
    """Without what would make another Python out of ours."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
