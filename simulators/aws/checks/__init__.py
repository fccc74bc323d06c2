"""Checks for stacks that AWS refuses or that would not work there, beyond the SDK's types and moto.

Where to add a check, and its row in a test:

- Of one resource's own properties, so that a preview fails: a function in `rules.py` that yields a `Problem`, listed
  in `_RULES` under the type. Row: `KNOWN_BEFORE` in simulators/aws/tests/test_provider.py.
- Of the resources that a resource is made of, so that an update fails: `check_made_of` in `rules.py`.
  Row: tests/engine/test_aws_planted_mistakes.py.
- Of what an instance or an Auto Scaling group launches: an entry of `RULES` in `launches.py` with AWS's page as source.
  Row: tests/engine/test_aws_launches.py.
- Of what a host or a function must reach: a `Need` in `NEEDS` of `reachability.py`, which walks routes, security groups
  and the policies of VPC endpoints. Row: tests/engine/test_aws_reachability.py.

The last two look at the state of our own stacks, so their rows are tests of the product.
"""
