"""``bin/bench``: what a call costs, beside Odoo's own."""

import os
import sys

import places
import postgres
import processes
from odoo_process import odoo_on
from rings import test_database


def main(arguments: list[str]) -> int:
    with postgres.running(safe=False) as server:
        odoo = odoo_on(server, "data-test", with_test_addons=True)
        with test_database(odoo) as database:
            paths = (odoo.source.python_path, places.CHECKOUT / "dev", places.CHECKOUT / "tests" / "system")
            environment = odoo.environment() | {
                "MCP_TEST_TEMPLATE": database,
                "PYTHONPATH": os.pathsep.join(map(str, paths)),
            }
            command = [sys.executable, places.CHECKOUT / "benchmarks" / "run.py", *arguments]
            return processes.run(command, env=environment)
