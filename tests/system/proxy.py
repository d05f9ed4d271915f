"""A loopback proxy that adds a key, for a client that cannot send one."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# Of one TCP connection only; lengths are set anew because answers are read whole.
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
TIMEOUT = 60


@contextmanager
def adding_key(url: str, key: str) -> Iterator[str]:
    """The address that stands for ``url``, with the bearer ``key`` on every request.

    Everything else passes as it is, ``Host`` and ``Origin`` of the client included.
    """
    target = urlsplit(url)

    class Handler(_Forward):
        upstream = target.netloc
        authorization = f"Bearer {key}"

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}{target.path}"
        finally:
            proxy.shutdown()


class _Forward(BaseHTTPRequestHandler):
    """Forwards one request after the other, each on a connection of its own so that any worker may get it."""

    protocol_version = "HTTP/1.1"
    upstream: str
    authorization: str

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with closing(http.client.HTTPConnection(self.upstream, timeout=TIMEOUT)) as connection:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in OF_THE_CONNECTION:
                    connection.putheader(name, value)
            connection.putheader("Authorization", self.authorization)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        # Who has seen enough hangs up.
        with suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_DELETE = do_POST

    def log_message(self, *_arguments) -> None:
        """The server's own log says what was asked."""
