"""The commands behind `make`: one module for each command, and their shared modules.

`lifecycle`           `make up`, `make down`, `make purge`; `up` ends with the answer of the address (`readiness`)
`preview`             `make preview`: what Pulumi prints, then the `verdicts` of the policy rules
`offline`             OFFLINE=1 and `make offline`: the AWS simulator instead of AWS
`policy_report`       `make policy-report`: the `verdicts` alone
`host_image`          `make image`, with the digests of `image_digest`, written by `stack_file`
`backups/`              `make backup` and the other commands for backups, with a `__main__` of their own
`settings_reference`  `make settings`: the descriptions of settings in Pulumi.yaml, docs/settings.md and docstrings
`schema`              `make schema`: docs/schema.yaml and docs/reference.md, the interface of the components
`growth`              `make bench-growth`: previews of many deployments in one program, beside a flat program
`development_images`  the images of the development stack
`preparation`         what a stack needs before `pulumi up` or a preview
`stack`               a stack with its file, its settings and its options for `pulumi`
`pulumi_command`      runs `pulumi`
`aws_client`          sends requests to AWS

The program also runs without these commands: `pulumi install && pulumi stack init dev && pulumi up` does the same with
an engine that you installed yourself. Of the commands that run a stack, only `make image` changes a tracked file. The
engine writes to the file of a stack, so the commands use a copy in `.pulumi-local` if git tracks the file.
"""
