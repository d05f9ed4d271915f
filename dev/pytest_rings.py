"""A pytest plugin for every ring: what Odoo's log may not hold, and how the pure ring imports the addon."""

import json
import logging
import os
from pathlib import Path

import pytest

RING = os.environ.get("MCP_RING", "")
# Read by bin/test. pytest's own report would count every subtest as a test.
_counts = {"passed": 0, "failed": 0, "skipped": 0}


class _Unexpected(logging.Handler):
    """Collects warnings and errors. What ``mute_logger`` or ``assertLogs`` swallow never gets here."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        # Other people's code while Odoo starts; whatever names our module counts all the same.
        if record.name == "py.warnings" and "mcp_gateway" not in message:
            return
        self.lines.append(f"{record.levelname} {record.name}: {message}")

    def take(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines


_unexpected = _Unexpected()


def pytest_configure(config):
    if RING == "pure":
        _import_as_odoo_addon(config)


def pytest_sessionstart(session):
    if RING != "system":
        logging.getLogger().addHandler(_unexpected)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    before = _unexpected.take()
    result = yield
    during = _unexpected.take()
    _unexpected.lines = before
    if during:
        pytest.fail("Unexpected in Odoo's log:\n" + "\n".join(during), pytrace=False)
    return result


def pytest_runtest_logreport(report):
    is_subtest = type(report) is not pytest.TestReport
    if not is_subtest and (report.when == "call" or not report.passed):
        _counts[report.outcome] += 1


def pytest_collectreport(report):
    _counts["failed"] += report.failed


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    if lines := _unexpected.take():
        session.config.get_terminal_writer().line(
            "\nUnexpected in Odoo's log outside of tests:\n" + "\n".join(lines), red=True
        )
        _counts["failed"] += 1
    Path(os.environ["MCP_RESULT"]).write_text(json.dumps(_counts))


def _import_as_odoo_addon(config) -> None:
    """The pure ring has no database, and so does without pytest-odoo's own start."""
    import pytest_odoo  # noqa: PLC0415

    import odoo.tools  # noqa: PLC0415

    addons = os.path.dirname(os.path.dirname(os.path.dirname(config.args[0])))
    odoo.tools.config.parse_config([f"--addons-path={addons}", "--http-interface=127.0.0.1"], setup_logging=True)
    pytest_odoo.support_subtest()
    pytest_odoo.disable_odoo_test_retry()
    pytest_odoo.monkey_patch_resolve_pkg_root_and_module_name()
