"""Simulators of services that a test or an offline machine can't reach. Each says what it can't show.

| Folder | Simulates |
|---|---|
| `aws` | Pulumi's AWS provider and the AWS behind it; `OFFLINE=1 make preview` starts it |
| `kotauth` | the identity server Kotauth, as an image for machines that can't pull the real one |
| `ec2_host` | an EC2 instance that boots in a container, with the services around it |
| `images` | the images of all that runs in containers, built from packages where no registry can be reached |

The tests of each are in its folder `tests`. No simulator imports the folder `tests` of the repository's root.
"""
