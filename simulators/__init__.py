"""Simulators of what can't be had: the AWS API, an EC2 host, Kotauth's image, images from registries."""
