"""The commands behind `make`: one module for each command, and their shared modules.

`lifecycle`           `make up`, `make down`, `make purge`; `up` ends with the answer of the address (`readiness`)
`preview`             `make preview`: what Pulumi prints, then the `verdicts` of the policy rules
`offline`             OFFLINE=1, the AWS simulator in the place of AWS
`policy_report`       `make policy-report`: the `verdicts` alone
`host_image`          `make image`, with the digests of `image_digest`, written by `stack_file`
`settings_reference`  `make settings`: what Pulumi.yaml, docs/settings.md and docstrings tell about settings
`development_images`  the images of the development stack
`preparation`         what a stack needs before `pulumi up` or a preview
`stack`               a stack with its file, its settings and its options for `pulumi`
`pulumi_command`      runs `pulumi`
`aws_client`          asks AWS

Nothing here is needed to use the program: `pulumi install && pulumi stack init dev && pulumi up` does the same with an
engine of one's own. No tracked file is ever changed but by `make image`, whose purpose it is: the engine writes to the
file of a stack, so a stack whose file is in git is run with a copy in `.pulumi-local`.
"""
