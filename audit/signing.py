"""Ed25519 (RFC 8032) for the audit log's seals and exports."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SEED_BYTES = 32


class InvalidKey(ValueError):
    """The text is no key: the Base64 of 32 random bytes, as ``openssl rand -base64 32`` prints them."""


@dataclass(frozen=True)
class SigningKey:
    """A private key, which never shows itself."""

    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> "SigningKey":
        """:raise InvalidKey: without quoting the text"""
        try:
            seed = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            seed = b""
        if len(seed) != _SEED_BYTES:
            raise InvalidKey
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> str:
        """The public key, 32 bytes in Base64."""
        return _to_text(self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, text: str) -> str:
        """The signature of ``text`` in UTF-8, 64 bytes in Base64."""
        return _to_text(self.private.sign(text.encode()))


def is_signed(text: str, signature: str, public: str) -> bool:
    """Whether ``signature`` is that of ``text``; anything malformed is not."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def fingerprint(public: str) -> str:
    """SHA-256 of the key as ``openssl pkey -pubin -outform DER`` writes it, in hexadecimal."""
    return hashlib.sha256(_public_key(public).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def pem(public: str) -> str:
    """The public key in the form that ``openssl`` reads."""
    return _public_key(public).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _public_key(public: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(public))


def _to_text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
