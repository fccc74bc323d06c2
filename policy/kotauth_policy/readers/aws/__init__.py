"""Reads AWS resources: references, IAM documents, security groups, listeners."""
