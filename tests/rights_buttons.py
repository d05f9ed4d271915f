"""For each public method of the addon, a row in the state in which somebody who may call it can."""

from datetime import datetime

from .rights_case import RightsCase

DECISIONS = ("action_approve", "action_reject", "action_approve_selected")


class ButtonsCase(RightsCase):
    def prepared(self, name: str, person, owner) -> dict:
        """The body of a call of ``name`` by ``person``, on something of ``owner`` for which it is possible."""
        model, method = name.rsplit(".", 1)
        prepare = getattr(self, f"_{model.replace('.', '_')}", self._some_dialog)
        return prepare(model, method, person, owner)

    def _mcp_connection(self, _model, method, _person, owner):
        connection = self.connection_of(owner, key="generate" not in method, oauth="rotate_secret" in method)
        if method in ("action_end_overlap", "action_cancel_rotation"):
            connection._do_start_overlap(1)
        if method == "action_reactivate":
            connection._do_revoke()
        if method == "action_resume":
            connection._do_suspend("administrator")
        return {"ids": connection.ids}

    def _mcp_rotate_overlap(self, model, method, person, owner):
        connection = self.connection_of(owner, oauth="rotate_secret" in method)
        dialog = self.dialog_of(person, model, **self.values(model, connection, 0))
        return {"ids": dialog.ids, "context": {"connection_id": connection.id}}

    _mcp_oauth_ask = _mcp_rotate_overlap

    def _mcp_connection_revoke(self, model, _method, person, owner):
        return {"ids": self.dialog_of(person, model, connection_ids=self.connection_of(owner).ids).ids}

    def _mcp_session(self, _model, method, _person, owner):
        session = self.session_of(self.connection_of(owner))
        if method == "action_reactivate":
            session._end()
        return {"ids": session.ids}

    def _mcp_approval(self, _model, method, _person, owner):
        return {"ids": (self._to_decide(owner) if method in DECISIONS else self._asked_by(owner)).ids}

    def _mcp_approval_decide(self, model, _method, person, owner):
        return {"ids": self.dialog_of(person, model, approval_ids=self._to_decide(owner).ids, decision="approve").ids}

    def _to_decide(self, owner):
        approver = self.other if owner == self.stranger else owner
        return self.approval_of(self.connection_of(self.stranger), approver)

    def _asked_by(self, owner):
        return self.approval_of(self.connection_of(owner), self.other)

    def _mcp_settings(self, _model, method, _person, _owner):
        self._unsettle(method)
        return {} if method == "is_enabled" else {"ids": self.settings.ids}

    def _unsettle(self, method):
        self.settings.write({"enabled": method == "action_disable", "fingerprint": "x", "allow_registration": False})
        self.env["ir.config_parameter"].set_param("web.base.url.freeze", False)

    def _mcp_tool(self, _model, _method, _person, _owner):
        tool = self.env["mcp.tool"].search([], limit=1)
        tool.description = "changed"
        return {"ids": tool.ids}

    def _res_users(self, _model, _method, person, _owner):
        return {"ids": person.ids}

    def _mcp_audit_log(self, _model, _method, _person, _owner):
        return {"ids": []}

    _mcp_connect_step = _mcp_audit_log

    def _mcp_audit_export(self, model, _method, person, _owner):
        return {"ids": self.dialog_of(person, model, date_to=datetime(2100, 1, 1)).ids}

    def _some_dialog(self, model, method, person, _owner):
        self._unsettle(method)
        values = self.values(model, self.env["mcp.connection"], 0)
        return {"ids": self.dialog_of(person, model, **values).ids}
