"""The code of Lambda functions: a folder each. It runs without Pulumi, with nothing but what its archive carries."""
