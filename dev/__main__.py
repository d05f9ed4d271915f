"""``bin/NAME`` ends up here: set up what is missing, then go on in the project's own interpreter."""

import importlib
import os
import sys
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
    try:
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
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
