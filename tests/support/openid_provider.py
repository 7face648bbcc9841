"""A real OpenID provider on 127.0.0.1, made of Authlib's: code flow, client secret, nonce and PKCE, keys of its own."""

# ruff: noqa: ARG002  # Authlib calls its methods with what these do not need

import threading
from types import SimpleNamespace

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode
from flask import Flask, jsonify
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "siaga", "a secret of the client"
# What Keycloak 26 tells of itself, as far as clients read it; its addresses are filled in.
DISCOVERY = {
    "authorization_endpoint": "/protocol/openid-connect/auth",
    "token_endpoint": "/protocol/openid-connect/token",
    "userinfo_endpoint": "/protocol/openid-connect/userinfo",
    "jwks_uri": "/protocol/openid-connect/certs",
    "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
    "response_types_supported": ["code", "none", "id_token", "code id_token"],
    "subject_types_supported": ["public", "pairwise"],
    "id_token_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256"],
    "response_modes_supported": ["query", "fragment", "form_post"],
    "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post"],
    "scopes_supported": ["openid", "profile", "email", "roles"],
    "code_challenge_methods_supported": ["plain", "S256"],
}


class Client(ClientMixin):
    """A Siaga, as the provider has it."""

    client_id = CLIENT

    def __init__(self, callback):
        self.callback = callback

    def get_client_id(self):
        return CLIENT

    def get_default_redirect_uri(self):
        return self.callback

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == self.callback

    def check_client_secret(self, client_secret):
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin, SimpleNamespace):
    """A code that was given out, to be used once."""

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return None

    def get_acr(self):
        return None

    def get_amr(self):
        return None


class Provider:
    """claims: of whoever logs in next. id_claims: what its tokens say besides. asked: what it was asked."""

    def __init__(self, callback):
        self.key, self.other_key = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
        self.claims, self.id_claims, self.more = {"sub": "1"}, {}, {}
        self.signing, self.codes, self.asked = self.key, {}, []
        self.app = Flask("provider")
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.issuer = self.described = f"http://127.0.0.1:{self.server.server_port}/realms/bnpb"
        client = Client(callback)
        self.oauth = AuthorizationServer(
            self.app, lambda name: client if name == CLIENT else None, lambda _token, _request: None
        )
        self.oauth.register_grant(_grant(self), [_id_tokens(self), CodeChallenge(required=True)])
        for path, answer in (
            ("/.well-known/openid-configuration", self.describe),
            (DISCOVERY["authorization_endpoint"], self.authorize),
            (DISCOVERY["userinfo_endpoint"], lambda: jsonify(self.claims | self.more)),
            (DISCOVERY["jwks_uri"], lambda: jsonify(keys=[self.key.as_dict(private=False)])),
        ):
            self.app.add_url_rule(f"/realms/bnpb{path}", path, answer)
        token = f"/realms/bnpb{DISCOVERY['token_endpoint']}"
        self.app.add_url_rule(token, "token", self.oauth.create_token_response, methods=["POST"])
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def describe(self):
        placed = {name: self.issuer + value if isinstance(value, str) else value for name, value in DISCOVERY.items()}
        return jsonify(issuer=self.described, **placed)

    def authorize(self):
        """As if the person had typed a password already."""
        return self.oauth.create_authorization_response(grant_user=SimpleNamespace(id="1"))


def _grant(provider):
    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code, request):
            asked = request.payload.data
            provider.asked.append(dict(asked))
            provider.codes[code] = Code(
                code=code,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                nonce=asked.get("nonce"),
                code_challenge=asked.get("code_challenge"),
                code_challenge_method=asked.get("code_challenge_method"),
            )

        def query_authorization_code(self, code, client):
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code):
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code):
            return SimpleNamespace(id="1")

    return Grant


def _id_tokens(provider):
    class IdTokens(OpenIDCode):
        def exists_nonce(self, nonce, request):
            return False

        def resolve_client_private_key(self, client):
            return provider.signing

        def get_client_claims(self, client):
            return {"iss": provider.issuer, "aud": [CLIENT]}

        def generate_user_info(self, user, scope):
            return provider.claims | provider.id_claims

    return IdTokens(require_nonce=True)
