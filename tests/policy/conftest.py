"""The matrix registers the same few types a thousand times, and the SDK looks their names up each time anew."""

from __future__ import annotations

import functools

from pulumi import _types

# The names of a type's properties don't change, and looking them up takes half of a registration.
_types.input_type_py_to_pulumi_names = functools.cache(_types.input_type_py_to_pulumi_names)
