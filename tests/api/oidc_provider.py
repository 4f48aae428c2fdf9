"""A real OpenID provider, Canaille, with two people and two clients, as a process: PORT CERTIFICATE KEY."""

import os
import ssl
import sys
import uuid
from datetime import UTC, datetime
from wsgiref import simple_server

os.environ["HTTPS"] = "on"  # by which WSGI servers tell applications that there is TLS

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import JWKRegistry

PASSWORD = "of everybody here"  # noqa: S105  # opens this provider only
REDIRECT = "http://localhost/back"
PEOPLE = {"alice": "tencent-people", "bob": "pool-auditors", "carol": None}
CLIENTS = ("hanse", "another")


def key():
    made = JWKRegistry.generate_key("RSA", 2048)
    made.ensure_kid()
    return made.as_dict(private=True)


def configuration(port):
    return {
        "TESTING": True,
        "SECRET_KEY": str(uuid.uuid4()),
        "WTF_CSRF_ENABLED": False,
        "PREFERRED_URL_SCHEME": "https",
        "SERVER_NAME": f"localhost:{port}",
        "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key()], "REQUIRE_NONCE": False},
    }


def populate():
    for name, group in PEOPLE.items():
        user = models.User(
            user_name=name, password=PASSWORD, given_name=name, family_name=name, formatted_name=name,
            emails=[f"{name}@example.com"],
        )  # fmt: skip
        Backend.instance.save(user)
        if group:
            Backend.instance.save(models.Group(display_name=group, members=[user]))
    for name in CLIENTS:
        client = models.Client(
            client_id=name, client_name=name, client_secret=PASSWORD, redirect_uris=[REDIRECT], client_uri="http://127.0.0.1",
            grant_types=["authorization_code"], response_types=["code"], scope=["openid", "email", "groups"],
            token_endpoint_auth_method="client_secret_post", client_id_issued_at=datetime.now(UTC),  # noqa: S106
        )  # fmt: skip
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)


def main():
    port = int(sys.argv[1])
    app = create_app(config=configuration(port))
    with app.app_context():
        populate()
    server = simple_server.make_server("localhost", port, app)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
