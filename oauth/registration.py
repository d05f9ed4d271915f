"""Client metadata, of dynamic registration (RFC 7591) and of client ID metadata documents: one model serves both."""

import re
import unicodedata
from typing import Annotated, Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from ..protocol import strict_json
from . import redirects, scopes
from .document import check_url

MAX_BODY = 16 * 1024
MAX_URIS = 20
MAX_KEYS = 10
# RFC 6749 §5.2: what an error description may hold.
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
# Its private parts would make a key no secret of the application's any more (RFC 7518 §6).
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_RSA_CHARS = 342  # of Base64, for 2048 bits
_GRANTS = ["authorization_code", "refresh_token"]


class Refused(Exception):
    """Metadata that this server does not take.

    :param error: ``invalid_redirect_uri`` or ``invalid_client_metadata`` (RFC 7591 §3.2.2)
    :param description: an ASCII sentence for the developer of the application; it repeats nothing of the metadata
    """

    def __init__(self, error: str, description: str):
        self.error, self.description = error, _NOT_IN_DESCRIPTION.sub("", description)
        super().__init__(self.description)


def _redirect_uri(uri: str) -> str:
    if problem := redirects.problem_with(uri):
        raise PydanticCustomError("redirect_uri", problem)
    return uri


def _without_repetition(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _readable(name: str) -> str | None:
    """What of a name can be seen: nothing that turns, hides or breaks the text around it on the consent page."""
    visible = (" " if unicodedata.category(character)[0] in "CZ" else character for character in name)
    return " ".join("".join(visible).split()) or None


def _supported_grants(values: list[str]) -> list[str]:
    # Some name all that they know, and a server may take a part of it (RFC 7591 §3.2.1).
    if "authorization_code" not in values:
        raise PydanticCustomError(
            "grants", "authorization_code is the grant that this server registers applications for."
        )
    return [grant for grant in _GRANTS if grant in values]


def _code_only(values: list[str]) -> list[str]:
    if "code" not in values:
        raise PydanticCustomError("response_types", "code is the response type that this server has.")
    return ["code"]


def _web_address(value: Any) -> str | None:
    # Ornament: no reason to turn anyone away, and nothing to hand on if it is not what it should be.
    is_address = isinstance(value, str) and not redirects.syntax_problem(value)
    return value if is_address and value.lower().startswith(("https://", "http://")) else None


def _known_scope(value: str) -> str | None:
    return scopes.normalise(value) or None


def _keys_address(value: str) -> str:
    if problem := check_url(value):
        raise PydanticCustomError("jwks_uri", problem)
    return value


def _public_keys(value: dict[str, Any]) -> dict[str, Any]:
    """A JSON Web Key Set of public keys that can really be used."""
    keys = value.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= MAX_KEYS:
        raise PydanticCustomError("jwks", f"It needs a list keys of 1 to {MAX_KEYS} keys.")
    if not all(isinstance(key, dict) and _PRIVATE.isdisjoint(key) for key in keys):
        raise PydanticCustomError("jwks", "It has something else than public keys.")
    if any(key.get("kty") == "RSA" and len(str(key.get("n"))) < _RSA_CHARS for key in keys):
        raise PydanticCustomError("jwks", "It has an RSA key of less than 2048 bits.")
    try:
        for key in KeySet.import_key_set({"keys": keys}).keys:
            key.get_op_key("verify")
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise PydanticCustomError("jwks", "It has a key that cannot be used to check a signature.") from None
    return {"keys": keys}


_Short = Annotated[str, Field(max_length=200)]
_Strings = Annotated[list[_Short], Field(max_length=20)]
_WebAddress = Annotated[str | None, BeforeValidator(_web_address)]


class ClientMetadata(BaseModel):
    """What an application says of itself (RFC 7591 §2); members that are not here are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    client_name: Annotated[_Short | None, AfterValidator(lambda name: name and _readable(name))] = None
    redirect_uris: Annotated[
        list[Annotated[str, AfterValidator(_redirect_uri)]],
        Field(min_length=1, max_length=MAX_URIS),
        AfterValidator(_without_repetition),
    ]
    token_endpoint_auth_method: Literal["none", "client_secret_post", "client_secret_basic", "private_key_jwt"] = (
        "client_secret_basic"
    )
    # RFC 7591 has the first alone; who says nothing wants to stay logged in.
    grant_types: Annotated[_Strings, AfterValidator(_supported_grants)] = _GRANTS
    response_types: Annotated[_Strings, AfterValidator(_code_only)] = ["code"]
    scope: Annotated[str | None, Field(max_length=1000), AfterValidator(lambda s: s and _known_scope(s))] = None
    application_type: _Short | None = None
    client_uri: _WebAddress = None
    logo_uri: _WebAddress = None
    tos_uri: _WebAddress = None
    policy_uri: _WebAddress = None
    jwks: Annotated[dict[str, Any] | None, AfterValidator(lambda keys: keys and _public_keys(keys))] = None
    jwks_uri: Annotated[str | None, AfterValidator(lambda uri: uri and _keys_address(uri))] = None
    software_id: _Short | None = None
    software_version: _Short | None = None

    @model_validator(mode="after")
    def _has_keys(self):
        if self.jwks and self.jwks_uri:
            raise PydanticCustomError("keys", "jwks and jwks_uri exclude each other.")
        if self.token_endpoint_auth_method == "private_key_jwt" and not (self.jwks or self.jwks_uri):
            raise PydanticCustomError("keys", "private_key_jwt needs jwks or jwks_uri.")
        return self


def from_registration(body: bytes) -> ClientMetadata:
    """The metadata that an application registers with.

    :raise Refused: if they cannot be taken; no other exception leaves this function, whatever the bytes
    """
    if len(body) > MAX_BODY:
        raise Refused("invalid_client_metadata", f"The metadata are longer than {MAX_BODY} bytes.")
    return _checked(_members(body))


def from_document(body: bytes, url: str) -> ClientMetadata:
    """The metadata in the document at ``url`` (draft-ietf-oauth-client-id-metadata-document §4).

    :raise Refused: as above, and if it is the document of another client or of one that shares a secret
    """
    members = _members(body)
    if members.get("client_id") != url:
        raise Refused("invalid_client_metadata", "client_id: It is not the address of the document.")
    if not {"client_secret", "client_secret_expires_at"}.isdisjoint(members):
        raise Refused("invalid_client_metadata", "client_secret: A document that anyone can read holds no secret.")
    metadata = _checked({"token_endpoint_auth_method": "none", **members})
    if not metadata.client_name:
        raise Refused("invalid_client_metadata", "client_name: It is needed.")
    if metadata.token_endpoint_auth_method.startswith("client_secret"):
        raise Refused("invalid_client_metadata", "token_endpoint_auth_method: A document has no shared secret.")
    return metadata


def keys_from(body: bytes) -> dict[str, Any]:
    """The public keys in a document that a ``jwks_uri`` is the address of.

    :raise Refused: if it is not a JSON Web Key Set of public keys
    """
    try:
        return _public_keys(_members(body))
    except PydanticCustomError as problem:
        raise Refused("invalid_client_metadata", f"jwks_uri: {problem.message()}") from None


def response(
    metadata: ClientMetadata, *, client_id: str, issued_at: int, client_secret: str | None = None
) -> dict[str, Any]:
    """The body of the 201 (RFC 7591 §3.2.1): all that was registered; nothing null or empty, which some cannot read.

    :param issued_at: seconds since 1970
    """
    secret = {"client_secret": client_secret, "client_secret_expires_at": 0} if client_secret else {}
    return {
        "client_id": client_id,
        "client_id_issued_at": issued_at,
        **secret,
        **metadata.model_dump(exclude_none=True),
    }


def _members(body: bytes) -> dict[str, Any]:
    """The members that say something: null and empty count as absent, as some applications mean it."""
    try:
        found = strict_json.loads(body) if body.strip() else None
    except strict_json.Unreadable as problem:
        raise Refused("invalid_client_metadata", str(problem)) from None
    if not isinstance(found, dict):
        raise Refused("invalid_client_metadata", "The metadata have to be one JSON object.")
    return {name: value for name, value in found.items() if value is not None and value not in ("", [], {})}


def _checked(members: dict[str, Any]) -> ClientMetadata:
    try:
        return ClientMetadata.model_validate(members)
    except ValidationError as problems:
        first = problems.errors(include_url=False, include_context=False, include_input=False)[0]
    member = str(first["loc"][0]) if first["loc"] else ""
    error = "invalid_redirect_uri" if member == "redirect_uris" else "invalid_client_metadata"
    raise Refused(error, f"{member}: {first['msg']}" if member else first["msg"])
