"""Pulumi's generators of SDKs, without its language plugins, which no package registry carries."""
