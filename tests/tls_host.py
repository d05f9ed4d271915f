"""A host of our own with TLS, on loopback, for metadata documents."""

import json
import ssl
import tempfile
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "app.example.com"


class TlsHost:
    """Serves the same document at every path, and remembers which were asked for."""

    def __init__(self, folder: Path):
        self.ca_file, chain = _certificates(folder)
        self.paths: list[str] = []
        self.members: dict = {}
        self.headers = {"Content-Type": "application/json", "Cache-Control": "max-age=600"}
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                host.paths.append(self.path)
                body = json.dumps(host.members).encode()
                self.send_response(200)
                for name, value in {**host.headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    @property
    def url(self) -> str:
        """The address of the document, which is the client's id."""
        return f"https://{HOST}:{self.server.server_port}/client.json"

    def publish(self, **changed) -> None:
        """A good document, with other members."""
        self.members = {
            "client_id": self.url,
            "client_name": "Published",
            "redirect_uris": ["https://app.example/callback"],
            **changed,
        }


@contextmanager
def tls_host():
    """Yield a running :class:`TlsHost`."""
    with tempfile.TemporaryDirectory() as folder:
        host = TlsHost(Path(folder))
        host.publish()
        thread = Thread(target=host.server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield host
        finally:
            host.server.shutdown()
            host.server.server_close()
            thread.join()


def _certificates(folder: Path) -> tuple[str, str]:
    """The files of an authority of our own, and of the host's certificate with its key."""
    authority, authority_key = certificate("Test authority")
    cert, key = certificate(HOST, (authority, authority_key))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ca_file, chain = folder / "ca.pem", folder / "host.pem"
    ca_file.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(cert.public_bytes(serialization.Encoding.PEM) + private)
    return str(ca_file), str(chain)


def certificate(common_name: str, issuer=None):
    """A certificate for ``common_name``, with its key: an authority of its own, or one that ``issuer`` signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    signed_by, signing_key = issuer or (None, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(signed_by.subject if signed_by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
    )
    return builder.sign(signing_key, hashes.SHA256()), key
