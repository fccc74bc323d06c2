"""The simulator's state as a file: moto's state, the log of operations, and the IAM decisions about the deployers."""

from __future__ import annotations

import importlib
import marshal
import pickle
import sys
import types
import weakref
from collections import defaultdict
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class _Pickler(pickle.Pickler):
    """Takes what moto keeps and `pickle` alone refuses."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, RSAPrivateKey):
            form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            return _key, (value.private_bytes(*form),)
        if isinstance(value, x509.Certificate):
            return _certificate, (value.public_bytes(serialization.Encoding.PEM),)
        if isinstance(value, defaultdict) and type(value) is not defaultdict:
            return _defaults, (type(value), value.default_factory), vars(value), None, iter(value.items())
        if isinstance(value, types.FunctionType) and "<locals>" in value.__qualname__:
            return _function, (marshal.dumps(value.__code__), value.__module__)
        if isinstance(value, weakref.WeakValueDictionary):
            return weakref.WeakValueDictionary, (dict(value),)
        return NotImplemented


def _key(text: bytes) -> Any:
    return serialization.load_pem_private_key(text, None)


def _certificate(text: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(text)


def _defaults(kind: type[defaultdict[Any, Any]], factory: Any) -> defaultdict[Any, Any]:
    """Return an empty one of a class whose own constructor asks for more."""
    made = kind.__new__(kind)
    defaultdict.__init__(made, factory)
    return made


def _function(code: bytes, module: str) -> types.FunctionType:
    return types.FunctionType(marshal.loads(code), vars(sys.modules[module]))  # noqa: S302 - written by this process's like


def save(file: Path, beside: Any) -> None:
    """Write moto's state and something beside it; no call may be running."""
    from moto.core.base_backend import BackendDict  # noqa: PLC0415 - after its environment

    used: Any = BackendDict
    backends = [found for each in used._instances for found in each.iter_backends()]
    with file.open("wb") as opened:
        # In one graph, since the backends of services share objects.
        _Pickler(opened, pickle.HIGHEST_PROTOCOL).dump((backends, beside))


def read(file: Path) -> tuple[list[Any], Any]:
    """Return the state of a file, and what was saved beside it."""
    with file.open("rb") as opened:
        return pickle.load(opened)  # noqa: S301 - written by `save`


def load(file: Path) -> Any:
    """Give moto the state of a file, and return what was saved beside it."""
    backends, beside = read(file)
    for account, region, backend in backends:
        _all_of(type(backend))[account][region] = backend
    return beside


def _all_of(kind: type) -> Any:
    from moto.core.base_backend import BackendDict  # noqa: PLC0415 - after its environment

    for each in vars(importlib.import_module(kind.__module__)).values():
        if isinstance(each, BackendDict) and each.backend is kind:
            return each
    raise LookupError(f"nothing in {kind.__module__} has all backends of {kind.__name__}")
