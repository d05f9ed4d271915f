"""Replies to HTTP responses: the one place that builds one."""

import json

from odoo.http import Response

from ..models.call import Reply

# An answer is for one credential only, and never to be kept (PROTOCOL §7.14).
HEADERS = (("Cache-Control", "no-store"), ("Vary", "Authorization, Origin"), ("X-Content-Type-Options", "nosniff"))


def build(reply: Reply) -> Response:
    """The HTTP response of ``reply``; JSON, or no body at all."""
    headers = [*HEADERS, *reply.headers]
    if reply.body is None:
        response = Response(status=reply.status, headers=headers)
        response.headers.remove("Content-Type")
        return response
    body = json.dumps(reply.body, ensure_ascii=False, separators=(",", ":"))
    return Response(body, status=reply.status, headers=headers, content_type="application/json")
