"""An application that proves who it is by a signature of its own key (RFC 7523 §2.2)."""

from authlib.oauth2.rfc7523 import JWTBearerClientAssertion


class Assertion(JWTBearerClientAssertion):
    """For the token and the revocation endpoint.

    :param store: the :class:`~.server.Store` of the request, which remembers what was used
    """

    def __init__(self, store):
        super().__init__()
        self.store = store

    def get_audiences(self):
        return [self.store.issuer, f"{self.store.issuer}/mcp/oauth/token"]

    def resolve_client_public_key(self, client):
        return client.public_keys()

    def validate_jti(self, claims, jti):
        return isinstance(jti, str) and self.store.first_use_of(claims["sub"], jti, claims["exp"])
