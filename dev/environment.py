"""The one virtual environment, and everything that has to be there before any command can work."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import places
import source
from trouble import Trouble, say

REQUIREMENTS = (places.CHECKOUT / "requirements.txt", places.CHECKOUT / "dev" / "requirements.txt")
SPACE_NEEDED = 4 * 1024**3
OLDEST_PYTHON = (3, 10)


def ensure() -> None:
    """Set up what is missing. The second time this costs a few file reads."""
    if sys.version_info < OLDEST_PYTHON:
        raise Trouble("Python 3.10 or newer is needed.")
    try:
        places.RUNTIME.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(f"The runtime folder {places.RUNTIME} cannot be made: {error.strerror}.") from None
    with _one_at_a_time():
        if not _is_complete():
            _check_space()
        source.fetch()
        source.find()
        _make_venv()
        places.link_addon()


def _is_complete() -> bool:
    return _stamp().exists() and (bool(os.environ.get("ODOO_HOME")) or (places.FETCHED / source.STAMP).exists())


def _check_space() -> None:
    free = shutil.disk_usage(places.RUNTIME).free
    if free < SPACE_NEEDED:
        raise Trouble(f"{places.RUNTIME} has {free // 2**20} MB left; the set-up needs {SPACE_NEEDED // 2**20} MB.")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (places.RUNTIME / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another command that sets up the same runtime")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stamp():
    wanted = hashlib.sha256(sys.version.encode())
    for path in REQUIREMENTS:
        wanted.update(path.read_bytes())
    return places.VENV / f"complete-{wanted.hexdigest()[:16]}"


def _make_venv() -> None:
    if _stamp().exists():
        return
    # From scratch: what an interrupted or older installation left may not fit.
    shutil.rmtree(places.VENV, ignore_errors=True)
    say("Installing Python packages (about a minute)")
    packages = [argument for path in REQUIREMENTS for argument in ("-r", str(path))]
    commands = (
        [sys.executable, "-m", "venv", str(places.VENV)],
        [str(places.PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
    )
    with places.SETUP_LOG.open("a") as log:
        for command in commands:
            if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode:
                raise Trouble(f"Installing Python packages failed: no network? The details are in {places.SETUP_LOG}.")
    _stamp().touch()
