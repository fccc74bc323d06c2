"""What the machine offers: a cache, packages, virtualenvs, a Docker daemon."""
