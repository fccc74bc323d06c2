"""IAM documents, keys, secrets, private buckets and rules between security groups."""
