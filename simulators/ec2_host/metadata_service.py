"""The instance metadata service, version 2 only; runs in the lab's link container.

The address of a request identifies the instance. The hop limit is real: it becomes the TTL of the packets that carry
the token, so they never get past the host into a container's own network. The lab writes the answers to a file, and
replaces that file.
"""

from __future__ import annotations

import base64
import json
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from simulators.ec2_host.credentials import issue, mac

ADDRESS = "169.254.169.254"
VERSIONS = ("2009-04-04", "2016-09-02", "2018-09-24", "2021-03-23", "latest")
TOKEN = "X-aws-ec2-metadata-token"
TOKEN_TTL = "X-aws-ec2-metadata-token-ttl-seconds"
LONGEST_TTL = 21600
"""Six hours, EC2's own limit."""
STATE = Path("/lab/state/state.json")


class Service(BaseHTTPRequestHandler):
    """Answers as documented in "Use IMDS" of the EC2 user guide, errors included."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        """Hand out a token."""
        if asked := self._look_up():
            self._answer(*self._token_for(*asked))

    def do_GET(self) -> None:
        """Serve a leaf or list a folder of the instance's tree."""
        if asked := self._look_up():
            self._answer(*self._content(*asked))

    def _token_for(self, state: dict[str, Any], instance: dict[str, Any]) -> tuple[int, str]:
        if self.path != "/latest/api/token":
            return 405, "method not allowed"
        # A proxy that forwards for others gives itself away by this header.
        if self.headers["X-Forwarded-For"]:
            return 403, "forbidden"
        seconds = self.headers[TOKEN_TTL] or ""
        if not seconds.isdecimal() or not 1 <= int(seconds) <= LONGEST_TTL:
            return 400, "bad request"
        self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, instance["hop_limit"])
        return 200, self._token(state, time.time() + int(seconds))

    def _content(self, state: dict[str, Any], instance: dict[str, Any]) -> tuple[int, str]:
        try:
            expires = float(base64.b64decode(self.headers[TOKEN] or "").decode().partition("|")[0])
        except ValueError:
            expires = 0.0
        if expires < time.time() or self.headers[TOKEN] != self._token(state, expires):
            return 401, "unauthorized"
        version, *names = self.path.partition("?")[0].strip("/").split("/")
        if not version:
            return 200, "\n".join(VERSIONS)
        node: Any = self._tree(state, instance) if version in VERSIONS else None
        for name in names:
            node = node.get(name) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node = "\n".join(name + "/" * isinstance(child, dict) for name, child in node.items())
        return (404, "not found") if node is None else (200, node)

    def _look_up(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        state = json.loads(STATE.read_text())
        instance = state["instances"].get(self.client_address[0])
        if instance:
            time.sleep(instance["metadata_delay"])
            return state, instance
        self._answer(404, "no instance has this address")
        return None

    def _token(self, state: dict[str, Any], expires: float) -> str:
        return base64.b64encode(f"{expires}|{mac(state['key'], self.client_address[0], expires)}".encode()).decode()

    def _tree(self, state: dict[str, Any], instance: dict[str, Any]) -> dict[str, Any]:
        tree: dict[str, Any] = {"dynamic": instance["dynamic"], "meta-data": dict(instance["meta_data"])}
        if instance["user_data"]:
            tree["user-data"] = instance["user_data"]
        if role := instance["role"]:
            credentials = issue(state["key"], self.client_address[0], instance["credential_rotation"])
            document = {
                "Code": "Success",
                "LastUpdated": _timestamp(time.time()),
                "Type": "AWS-HMAC",
                "AccessKeyId": credentials.access_key,
                "SecretAccessKey": credentials.secret_key,
                "Token": credentials.token,
                "Expiration": _timestamp(credentials.expires),
            }
            tree["meta-data"]["iam"] = {"security-credentials": {role: json.dumps(document, indent=2)}}
        return tree

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """One line on standard output, without the token."""
        print(self.client_address[0], format % args, file=sys.stdout, flush=True)


def _timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


if __name__ == "__main__":
    ThreadingHTTPServer((ADDRESS, 80), Service).serve_forever()
