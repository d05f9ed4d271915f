"""The databases that tests begin with: what takes long to install is made once per runtime, and copied for a run."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import places
import source
from odoo_process import MODULE, TEST_MODULE, Odoo
from trouble import say


@dataclass(frozen=True)
class Base:
    """Odoo's own modules in one database, made once."""

    name: str
    takes: str
    modules: tuple[str, ...]
    options: tuple[str, ...] = ()


PLAIN = Base("base", "about half a minute", ("mail",))
BUSINESS = Base(
    "business",
    "some three minutes",
    ("crm", "hr", "project", "purchase_stock", "sale_crm", "sale_management", "sale_project", "sale_purchase_stock"),
    ("--with-demo",),
)
# Of other people's modules while they are installed. An error is none of them: data would be missing.
FOREIGN_WARNING = r"^\S+ \S+ \d+ WARNING "


@contextmanager
def test_database(odoo: Odoo, base: Base = PLAIN) -> Iterator[str]:
    """A database of this run's own with the addon and its test addon installed, gone afterwards."""
    original = _made(odoo, base)
    database = f"mcp_test_{base.name}_{os.getpid()}_{int(time.time())}"
    odoo.clone(original, database)
    try:
        say(f"Installing the addon in a copy of {base.name}")
        odoo.install(database, [MODULE, TEST_MODULE])
        yield database
    finally:
        odoo.drop(database)


def _made(odoo: Odoo, base: Base) -> str:
    """The name of the database to copy, which is made if there is none."""
    # Its files lie in the data folder, and another Odoo would want another database.
    made_of = f"{base.modules} {base.options} {odoo.data} {odoo.source.python_path} {source.STAMP.name}"
    database = f"mcp_{base.name}_{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    with places.locked(f"{base.name}.lock", f"makes the database {base.name} that tests begin with"):
        if not odoo.server.has(database):
            modules = ", ".join(base.modules)
            say(f"Making a database with {modules}, for this and later runs ({base.takes})")
            unfinished = f"{database}_unfinished"
            odoo.drop(unfinished)
            odoo.install(unfinished, base.modules, options=base.options, allowed=[FOREIGN_WARNING])
            odoo.rename(unfinished, database)
    return database
