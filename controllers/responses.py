"""Replies to HTTP responses: the one place that builds one."""

from odoo.http import Response

from ..models.call import Reply
from ..toolsets.tool import json_of

# An answer is for one credential only, and never to be kept (PROTOCOL §7.14).
HEADERS = (("Cache-Control", "no-store"), ("Vary", "Authorization, Origin"), ("X-Content-Type-Options", "nosniff"))


def build(reply: Reply, cors: tuple[tuple[str, str], ...] = ()) -> Response:
    """The HTTP response of ``reply``: JSON, an event stream that is complete already, or no body at all.

    :param cors: what lets a web page read it
    """
    headers = [*HEADERS, *cors, *reply.headers]
    if reply.body is None:
        response = Response(status=reply.status, headers=headers)
        response.headers.remove("Content-Type")
        return response
    if reply.notifications:
        # Nginx would hold a stream back that it does not know to be complete.
        headers.append(("X-Accel-Buffering", "no"))
        events = (f"event: message\ndata: {json_of(message)}\n\n" for message in (*reply.notifications, reply.body))
        return Response("".join(events), status=reply.status, headers=headers, content_type="text/event-stream")
    return Response(json_of(reply.body), status=reply.status, headers=headers, content_type="application/json")
