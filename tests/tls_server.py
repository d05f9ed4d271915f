"""A TLS server on loopback that answers with any bytes, at any pace."""

import socket
import ssl
import threading
from contextlib import suppress

from cryptography.hazmat.primitives import serialization

GOOD = b'{"client_id":"x"}'


def pem(made) -> bytes:
    cert, key = made
    return cert.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def answer(body: bytes = GOOD, *, status: str = "200 OK", **headers) -> bytes:
    headers = {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode() + body


class TlsServer:
    """A TLS server on loopback that answers every connection with the same bytes, or the same generator of them."""

    def __init__(self, chain: str):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)
        self.context.sni_callback = lambda _sock, name, _context: self.names.append(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.names, self.requests, self.connections = [], [], 0
        self.reply, self.closed_by_client = answer(), threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                raw, _address = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(raw,), daemon=True).start()

    def _answer(self, raw):
        try:
            with self.context.wrap_socket(raw, server_side=True) as sock:
                self.requests.append(sock.recv(65536).decode())
                for chunk in (self.reply,) if isinstance(self.reply, bytes) else self.reply():
                    sock.sendall(chunk)
        except OSError:
            self.closed_by_client.set()

    def close(self):
        with suppress(OSError):
            # Closing alone does not wake the thread that accepts, and so the port would stay open.
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
