"""A directory that signs people in by OpenID Connect: a real server that tells whatever a test has it tell."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

CLIENT, SECRET = "creditrisk", "a secret of thirty-two characters"


class Directory(ThreadingHTTPServer):
    """Whoever comes is signed in as `claims` say; `codes` are those that were given out and not used."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.claims: dict[str, Any] = {}
        self.codes: dict[str, str] = {}
        self.down = False

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(BaseHTTPRequestHandler):
    """The five addresses of a provider that the product asks."""

    server: Directory

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        here = self.server.issuer
        if self.server.down:
            self.send_error(503)
        elif asked.path == "/.well-known/openid-configuration":
            places = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            self.answer(
                {
                    "issuer": here,
                    "jwks_uri": f"{here}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
                | {f"{name}_endpoint": f"{here}/{place}" for name, place in places.items()}
            )
        elif asked.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            self.server.codes["one-time"] = query.get("code_challenge", "")
            back = urlencode({"code": "one-time", "state": query["state"]})
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}?{back}")
            self.end_headers()
        elif asked.path == "/userinfo":
            self.answer(self.server.claims)
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        challenge = self.server.codes.pop(form["code"][0], "") if form.get("client_secret") == [SECRET] else ""
        proof = hashlib.sha256(form.get("code_verifier", [""])[0].encode()).digest()
        if not challenge or base64.urlsafe_b64encode(proof).decode().rstrip("=") != challenge:
            self.send_error(400)
            return
        now = int(time.time())
        claims = {"iss": self.server.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, **self.server.claims}
        self.answer({"access_token": "token", "token_type": "Bearer", "id_token": jwt.encode(claims, SECRET, "HS256")})

    def answer(self, what: dict[str, Any]) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Silence."""


@contextmanager
def opened() -> Iterator[Directory]:
    """Let a directory answer while the block runs."""
    with Directory() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
