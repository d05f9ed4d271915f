"""``bin/odoo ARGS…``: any command of Odoo on this runtime."""

import postgres
import processes
from odoo_process import odoo_on


def main(arguments: list[str]) -> int:
    with postgres.running(safe=True) as server:
        odoo = odoo_on(server, "data")
        return processes.run(odoo.command(*arguments), env=odoo.environment(), interactive=True)
