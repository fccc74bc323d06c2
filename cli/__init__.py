"""What `make` calls: a module for each job, and what jobs share.

================  ====================================================================================================
`make up`         `lifecycle.up`; says at the end whether the address answers (`readiness`)
`make down`       `lifecycle.down`
`make purge`      `lifecycle.purge`
`make preview`    `preview`; what the policy rules object to is read by `verdicts`; OFFLINE=1 is `offline`
`make policy-     `policy_report`, which reads the same verdicts
report`
`make image`      `host_image`, with the digests of `image_digest`, written by `stack_file`
================  ====================================================================================================

Shared: `stack` is a stack with its settings, `pulumi_command` runs `pulumi`, `preparation` is what a stack needs before
`pulumi up` or a preview (a Docker daemon, and for development the images of `development_images`).

Nothing here is needed to use the program: `pulumi install && pulumi stack init dev && pulumi up` does the same with an
engine of one's own. No tracked file is ever changed but by `make image`, whose purpose it is: the engine writes to the
file of a stack, so a stack whose file is in git is run with a copy in `.pulumi-local`.
"""
