"""The settings of the certificate that a proxy on the host serves, for both targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pulumi

from ..frontends.certificate_files import Pem, chain_problem, is_path, key_problem, parse_chain, parse_key
from ..frontends.frontend import (
    ACME,
    CERTIFICATE_FILE,
    FILES,
    INTERNAL,
    Acme,
    Certificate,
    CertificateFiles,
    Frontend,
    OwnAuthority,
)
from ..inputs.addresses import parse_email, parse_https_url
from ..inputs.choice import one_of
from ..inputs.declaration import Problem, together
from ..inputs.problems import Problems, unless_later
from .declaration import setting
from .frontends import DEFAULT, FRONTENDS
from .server import ServerSettings

_ALLOWED = "PEM text, or the path of a file"
_ACME_SETTINGS = ("acme_email", "acme_server")
_FILE_SETTINGS = ("certificate_chain", "certificate_key")


def _source_rule(made: CertificateSettings) -> Callable[[object], str]:
    """Return the rule of `certificates` for the chosen frontend."""
    hint = {kind: f"{kind} exists only with target docker" for kind in (ACME, INTERNAL) if kind not in made.sources}
    for kind in made.sources:
        able = [name for name, proxy in FRONTENDS.items() if kind in proxy.certificates]
        hint[kind] = f"{kind} needs frontend {' or '.join(able)}"
    parse = one_of(*made.possible_sources, hint=hint)

    def refuse_elsewhere(raw: object) -> str:
        if made.tls_elsewhere:
            raise ValueError(_only_here(made.tls_elsewhere))
        return parse(raw)

    return refuse_elsewhere


def _only_here(elsewhere: str) -> str:
    return f"is only for frontend {' or '.join(FRONTENDS)}: remove it; {elsewhere}"


@dataclass(frozen=True, kw_only=True)
class CertificateSettings:
    """Where the certificate of the proxy comes from. A target inherits these settings and adds `frontend`."""

    server: ServerSettings
    frontend: str
    certificates: str = setting(
        one_of(ACME, INTERNAL, FILES),
        rule_from=_source_rule,
        default_from=lambda made: made.default_source,
        about="Source of the certificate: acme (a public authority), files ({certificate_chain} and {certificate_key}) "
        "or, on Docker, internal (the frontend's own authority). "
        "Caddy supports all of them, Traefik acme and files, nginx only files. "
        "With internal, clients must trust the authority's certificate, which is the output caCertificate. "
        "The value acme requires {acme_email}.",
        empty="internal for a host name in a local domain such as .localhost or .internal, otherwise acme; files if "
        "the frontend doesn't support that",
        allowed="acme, internal or files, as far as the frontend supports it",
    )
    acme_email: str | None = setting(
        parse_email,
        default=None,
        about="E-mail address for the ACME server. Required where the frontend gets its certificate by ACME.",
    )
    acme_server: str | None = setting(
        parse_https_url, default=None, about="Directory URL of the ACME server.", empty="Let's Encrypt"
    )
    certificate_chain: Pem | pulumi.Output[str] | None = setting(
        unless_later(parse_chain),
        default=None,
        about="Certificate chain of the frontend, as PEM text or as the path of a file: the certificate of the host, "
        "then each intermediate certificate. A relative path starts in the project's folder. "
        "Required with {certificates} files.",
        allowed=_ALLOWED,
    )
    certificate_key: Pem | pulumi.Output[str] | None = setting(
        unless_later(parse_key),
        default=None,
        secret=True,
        may_be_plain=is_path,
        about="Private key of {certificate_chain} without a passphrase, as PEM text or as the path of a file. "
        "In a stack, set the text with `pulumi config set --secret`. Required with {certificates} files.",
        allowed=_ALLOWED,
    )

    sources: ClassVar[tuple[str, ...]] = (ACME, INTERNAL, FILES)
    """Values of `certificates` that the target supports."""

    @property
    def proxy(self) -> Frontend:
        """The chosen proxy; the default one where no proxy of the deployment ends TLS."""
        return FRONTENDS.get(self.frontend, DEFAULT)

    @property
    def tls_elsewhere(self) -> str:
        """Says for a message what has the certificate if no proxy of the deployment ends TLS. Empty otherwise."""
        return ""

    @property
    def possible_sources(self) -> list[str]:
        """The values of `certificates` that the target and the proxy support."""
        return [kind for kind in self.sources if kind in self.proxy.certificates]

    @property
    def default_source(self) -> str:
        """The source of the certificate without a choice. Empty where no proxy of the deployment ends TLS."""
        if self.tls_elsewhere:
            return ""
        wanted = INTERNAL if INTERNAL in self.sources and self.server.is_local else ACME
        return wanted if wanted in self.possible_sources else FILES

    @property
    def certificate(self) -> Certificate:
        """Where the proxy's certificate comes from."""
        if self.certificates == FILES:
            return CertificateFiles()
        return Acme(self.acme_email or "", self.acme_server) if self.certificates == ACME else OwnAuthority()

    def frontend_secrets(self, subject: str) -> dict[str, pulumi.Input[str]]:
        """Return the content of each secret file of the proxy, by name.

        An Output is checked when its value is known; the error names the ``subject``.
        """
        if self.certificates != FILES:
            return {}
        both = pulumi.Output.all(self.certificate_chain, self.certificate_key)
        return {CERTIFICATE_FILE: pulumi.Output.secret(both.apply(lambda pair: self._combined(subject, *pair)))}

    @together
    def check_source(self) -> Iterator[Problem]:
        """Check that the settings of the certificate's source are those of the chosen source."""
        for name in (*_ACME_SETTINGS, *_FILE_SETTINGS):
            given = getattr(self, name)
            if given and self.tls_elsewhere:
                yield Problem(name, _shown(given), _only_here(self.tls_elsewhere))
            elif given and name in _FILE_SETTINGS and self.certificates != FILES:
                yield Problem(name, _shown(given), "is only for {certificates} files: set both, or remove this")
            elif not given and name in _FILE_SETTINGS and self.certificates == FILES:
                rule = "is required with {certificates} files: give PEM text, or the path of a file"
                yield Problem(name, "", rule)
        if self.certificates == ACME and not self.acme_email:
            rule = "is required with {certificates} acme: set the address that the ACME server sends mail to"
            yield Problem("acme_email", "", rule)

    @together
    def check_files(self) -> Iterator[Problem]:
        """Check that the chain and the key belong together, and are for the public name."""
        chain, key = self.certificate_chain, self.certificate_key
        if self.certificates == FILES and isinstance(chain, Pem) and isinstance(key, Pem):
            yield from _pair_problems(chain, key, self.server.base_url.host)

    def _combined(self, subject: str, chain: Any, key: Any) -> str:  # noqa: ANN401 - parsed, or the value of an Output
        """Return the content of the secret file; raise ``InvalidInputError`` for an Output with a bad value."""
        problems = Problems(subject)
        problems.hide(["certificate_key"])

        chain = chain if isinstance(chain, Pem) else problems.check("certificate_chain", chain, parse_chain)
        key = key if isinstance(key, Pem) else problems.check("certificate_key", key, parse_key)
        problems.refuse()
        for name, value, rule in _pair_problems(chain, key, self.server.base_url.host):
            problems.add(name, value, rule.replace("{base_url}", "base_url"))
        problems.refuse()
        return "".join(pem.text for pem in (chain, key))


def _pair_problems(chain: Pem, key: Pem, host: str) -> Iterator[Problem]:
    if rule := key_problem(chain, key):
        yield Problem("certificate_key", key.given, rule)
    if rule := chain_problem(chain, key, host, datetime.now(UTC)):
        yield Problem("certificate_chain", chain.given, rule)


def _shown(value: object) -> object:
    return value.given if isinstance(value, Pem) else value
