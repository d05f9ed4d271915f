"""``bin/NAME`` ends up here: set up what is missing, then go on in the project's own interpreter."""

import sys

if sys.version_info < (3, 11):
    # Before anything that an older Python cannot even read. The addon itself needs 3.10, as Odoo does.
    sys.exit("Python 3.11 or newer is needed; PYTHON=/path/to/python names another one.")

import importlib
import os
import signal
from pathlib import Path

import environment
import places
from trouble import Trouble

COMMANDS = {
    "serve": "serve",
    "odoo": "run_odoo",
    "test": "rings",
    "check": "check",
    "bench": "run_bench",
    "prove": "prove",
    "client": "client",
    "screenshots": "screenshots",
}


def main() -> int:
    name, *arguments = sys.argv[1:]
    for told_to_end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(told_to_end, lambda number, _frame: sys.exit(128 + number))
    try:
        _reach_this_machine_directly()
        if os.environ.get("MCP_READY") != str(places.VENV):
            environment.ensure()
            os.environ["MCP_READY"] = str(places.VENV)
            os.execv(places.PYTHON, [str(places.PYTHON), str(Path(__file__).parent), name, *arguments])
        # Children start afresh: another checkout may have another runtime.
        del os.environ["MCP_READY"]
        return importlib.import_module(COMMANDS[name]).main(arguments) or 0
    except Trouble as trouble:
        print(f"{trouble}", file=sys.stderr)
        return 1
    except OSError as error:
        # A full disk, a folder that may not be written.
        print(f"{error.strerror or error}: {error.filename or places.RUNTIME}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _reach_this_machine_directly() -> None:
    """A proxy for the world outside is none for our own servers."""
    without = filter(None, [os.environ.get("no_proxy"), "localhost,127.0.0.1"])
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(without)


if __name__ == "__main__":
    sys.exit(main())
