"""What a business method of Odoo returned, reduced to what an AI can use."""

import ast
import datetime as dt
from typing import Any

from odoo import models
from odoo.fields import Domain

from .tool import Result, json_of

# Of returned records, as many as an AI looks at.
MAX_RECORDS = 50
_KINDS = {
    "ir.actions.act_window": "window",
    "ir.actions.act_window_close": "close",
    "ir.actions.act_url": "url",
    "ir.actions.report": "report",
    "ir.actions.client": "client",
    "ir.actions.server": "server",
}
_NOTES = {
    "window": "Odoo would now show these records. Nothing else has to be done.",
    "wizard": "Odoo would now open this wizard, a form that asks for more. It was not run and did nothing. "
    "Use another tool for it, or tell the user to finish it in Odoo.",
    "url": "Odoo would now open a web page. It was not opened.",
    "report": "Odoo would now print this report. render_report makes it.",
    "client": "Odoo would now show something on the screen.",
    "server": "Odoo would now run a server action. It was not run.",
}


class Opened(Result):
    """What Odoo's screen would open next."""

    kind: str
    name: str | None = None
    model: str | None = None
    ids: list[int] | None = None
    domain: list[Any] | None = None
    note: str


class Outcome(Result):
    """What came of running something; what is not set does not apply."""

    message: str
    value: dict[str, Any] | None = None
    records: list[dict[str, Any]] | None = None
    opens: Opened | None = None
    deleted_ids: list[int] | None = None


def members(returned: Any, env) -> dict[str, Any]:
    """The members of an ``Outcome`` that tell what ``returned`` was."""
    if returned is None or returned is True or returned is False:
        return {"message": f"Done. It returned {'nothing' if returned is None else str(returned).lower()}."}
    if isinstance(returned, models.BaseModel):
        return _records(returned.with_env(env))
    if isinstance(returned, dict) and str(returned.get("type", "")).startswith("ir.actions."):
        return _action(returned, env)
    try:
        value = _plain(returned)
        json_of(value)
    except (TypeError, ValueError, RecursionError):
        return {"message": "Done. It returned something that cannot be shown."}
    return {"message": "Done. It returned the value.", "value": {"value": value}}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return value


def _records(records) -> dict[str, Any]:
    """Only what the user may read: a method may well have made more, in sudo."""
    shown = _readable(records)
    if not shown:
        return {"message": "Done. It returned no record that you can read."}
    described = [{"model": r._name, "id": r.id, "name": r.display_name} for r in shown[:MAX_RECORDS]]
    return {"message": f"Done. It returned {len(shown)} record(s).", "records": described}


def _readable(records):
    guard = records.env["mcp.guard"]
    if not guard._sees_model(records):
        return records.browse()
    domain = guard._limit_domain(records) & Domain("id", "in", records.ids)
    return records.with_context(active_test=False).search(domain)


def _action(action: dict[str, Any], env) -> dict[str, Any]:
    kind = _KINDS.get(action["type"], "client")
    if kind == "close":
        return {"message": "Done."}
    if kind == "client":
        return _notification(action)
    model = env.get(action.get("res_model") or "")
    if kind == "window" and model is not None and (model._transient or action.get("target") == "new"):
        kind = "wizard"
    opened = {"kind": kind, "name": action.get("name"), "note": _NOTES[kind]}
    if model is not None and not env["mcp.guard"]._hides_model(model._name):
        opened["model"] = model._name
        if model._transient is False and env["mcp.guard"]._sees_model(model):
            opened["ids"] = _readable(model.browse(action.get("res_id") or [])).ids or None
            opened["domain"] = _domain(action.get("domain"))
    if kind == "report":
        opened["name"] = action.get("report_name") or action.get("name")
    return {"message": "Done. See opens.", "opens": Opened(**{k: v for k, v in opened.items() if v})}


def _notification(action: dict[str, Any]) -> dict[str, Any]:
    params = action.get("params") or {}
    said = [str(params[key]) for key in ("title", "message") if params.get(key)]
    if action.get("tag") != "display_notification" or not said:
        note = _NOTES["client"]
        return {"message": "Done. See opens.", "opens": Opened(kind="client", name=action.get("name"), note=note)}
    return {"message": f"Done. Odoo says: {': '.join(said)}"}


def _domain(domain: Any) -> list[Any] | None:
    """A domain as a list, if it is one without anything to evaluate."""
    try:
        value = _plain(ast.literal_eval(domain) if isinstance(domain, str) else list(domain or []))
        json_of(value)
    except (TypeError, ValueError, SyntaxError, RecursionError):
        return None
    return value if isinstance(value, list) and value else None
