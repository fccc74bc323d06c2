"""Program of the test: the log routes of a stack to several endpoints at once, as `DockerDeployment` makes one."""

import json
from pathlib import Path

import pulumi

from components import DockerLogRoute
from components.docker.daemon import client, kernel, log_files
from components.logs import shipper
from components.logs.route import destination, headers, headers_file

# So small that a test can fill it.
shipper.QUEUE_BYTES = 200_000

given = json.loads(Path("given.json").read_text())
with client.connect() as daemon:
    info = daemon.info()
problems = list(log_files.problems(info))
assert not problems, problems
options = pulumi.ResourceOptions.merge(kernel.adjustments(info), log_files.relocation(info))
for name, settings in given["routes"].items():
    where = {key: settings.get(key, "") for key in ("endpoint", "site", "region")}
    stream = {key: settings.get(key, "") for key in ("group", "stream")}
    made = headers(settings["logs"], settings["token"], {}, **stream)
    DockerLogRoute(
        name,
        {
            "stack": given["stack"],
            "endpoint": destination(settings["logs"], **where),
            "headers": pulumi.Output.secret(headers_file(made)),
            "image": given["image"],
            "tools_image": given["tools_image"],
            "files_image": given["files_image"],
            "labels": {"kotauth.test": given["stack"], "kotauth.route": name},
        },
        options,
    )
