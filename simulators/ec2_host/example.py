"""The smallest user data that uses every part of the lab.

A unit reads a secret with the role's credentials, pulls a frontend from the registry and lets it serve what it read.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

SECRET = "example"

_READ_SECRET = """
import datetime, hashlib, hmac, json, os, sys, urllib.request

IMDS = "http://169.254.169.254/latest/"
request = urllib.request.Request(IMDS + "api/token", method="PUT")
request.add_header("X-aws-ec2-metadata-token-ttl-seconds", "60")
token = urllib.request.urlopen(request, timeout=5).read().decode()


def metadata(path):
    headers = {"X-aws-ec2-metadata-token": token}
    return urllib.request.urlopen(urllib.request.Request(IMDS + "meta-data/" + path, headers=headers), timeout=5).read()


region = metadata("placement/region").decode()
role = metadata("iam/security-credentials/").decode()
keys = json.loads(metadata("iam/security-credentials/" + role))
host = f"secretsmanager.{region}.amazonaws.com"
now = datetime.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
body = json.dumps({"SecretId": sys.argv[1]}).encode()
headers = {
    "content-type": "application/x-amz-json-1.1",
    "host": host,
    "x-amz-date": now,
    "x-amz-security-token": keys["Token"],
    "x-amz-target": "secretsmanager.GetSecretValue",
}
names = ";".join(headers)
lines = "".join(f"{name}:{value}\\n" for name, value in headers.items())
canonical = f"POST\\n/\\n\\n{lines}\\n{names}\\n{hashlib.sha256(body).hexdigest()}"
scope = f"{now[:8]}/{region}/secretsmanager/aws4_request"
signature = ("AWS4" + keys["SecretAccessKey"]).encode()
text = f"AWS4-HMAC-SHA256\\n{now}\\n{scope}\\n{hashlib.sha256(canonical.encode()).hexdigest()}"
for part in [*scope.split("/"), text]:
    signature = hmac.new(signature, part.encode(), "sha256").digest()
headers["authorization"] = (
    f"AWS4-HMAC-SHA256 Credential={keys['AccessKeyId']}/{scope}, SignedHeaders={names}, Signature={signature.hex()}"
)
answer = urllib.request.urlopen(urllib.request.Request(f"https://{host}/", body, headers), timeout=10).read()
os.makedirs("/run/example", exist_ok=True)
with open("/run/example/answer.txt", "w") as file:
    file.write(json.loads(answer)["SecretString"])
"""

_CADDYFILE = """{
  admin off
  auto_https disable_redirects
  skip_install_trust
  default_sni example.internal
  fallback_sni example.internal
}
https://example.internal, https:// {
  tls internal
  header X-Seen-Forwarded "{http.request.header.X-Forwarded-For}"
  header X-Seen-Host "{http.request.host}"
  header X-Seen-Server-Name "{http.request.tls.server_name}"
  respond /health/ready 200
  root * /srv
  file_server
}
"""

_UNIT = """[Unit]
Wants=docker.service
After=docker.service
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
ExecStartPre=/usr/bin/python3 /usr/local/lib/example/read_secret.py {secret}
ExecStartPre=-/usr/bin/docker rm --force example
ExecStart=/usr/bin/docker run --rm --name example --publish 443:443 --tmpfs /data --tmpfs /config \
  --volume /run/example/answer.txt:/srv/answer.txt:ro --volume /etc/example/Caddyfile:/etc/caddy/Caddyfile:ro {image}

[Install]
WantedBy=multi-user.target
"""


def user_data(image: str) -> str:
    """Return a cloud-config that serves the secret as /answer.txt from an image with Caddy."""
    files = {
        "/usr/local/lib/example/read_secret.py": _READ_SECRET,
        "/etc/example/Caddyfile": _CADDYFILE,
        "/etc/systemd/system/example.service": _UNIT.format(secret=SECRET, image=image),
    }
    document: dict[str, Any] = {
        "write_files": [{"path": path, "content": content} for path, content in files.items()],
        "runcmd": [
            ["systemctl", "mask", "--now", "ecs.service"],
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "docker.service", "example.service"],
            ["systemctl", "start", "--no-block", "example.service"],
        ],
    }
    return "#cloud-config\n" + yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False)
