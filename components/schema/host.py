"""Serves components to programs in other languages, which meet the same errors as programs in Python."""

import dataclasses
import json
import re
from collections.abc import Collection, Sequence
from typing import Any, cast

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import main, server
from pulumi.provider.experimental.analyzer import PropertyDefinition, PropertyType
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.util import camel_case

from ..inputs.error import InvalidInputError
from ..inputs.wording import Wording

_PYTHON_NAME = re.compile(r'"[^"]*"|\b[a-z0-9]+(?:_[a-z0-9]+)+\b')
"""A name in a rule, or the user's own words in double quotes."""


def serve(components: Sequence[type[pulumi.ComponentResource]], package: str) -> None:
    """Serve the components of a package until the engine ends the process."""
    # `main` makes an instance of the servicer, and has no parameter for another class.
    server.ProviderServicer = Servicer
    main(Components(components, package), [])


class Components(ComponentProvider):
    """Gives components their inputs as they were written, so that the components report every problem at once.

    The SDK's own provider stops at the first missing input, drops unknown ones, and fails for an integer in an Output.
    """

    def __init__(self, components: Sequence[type[pulumi.ComponentResource]], package: str) -> None:
        """Infer the schema from the annotations of the components."""
        super().__init__(list(components), package, version="0.0.0")
        schema = json.loads(self.schema or "{}")
        # Without it, Pulumi's generator for Go leaves out the types of objects that occur only in plain lists and maps,
        # such as `EgressArgs`, and the SDK for Go does not compile.
        schema["language"]["go"]["generateExtraInputTypes"] = True
        self.schema = json.dumps(schema)
        inputs = [each["inputProperties"] for each in schema["resources"].values()]
        inputs += [each["properties"] for each in schema["types"].values()]
        self._wording = SchemaWording({name for each in inputs for name in each})

    def map_input_properties(
        self,
        inputs: Any,  # noqa: ANN401 - what a program in any language gave
        properties: dict[str, PropertyDefinition],
        mapping: dict[str, str],
        component_name: str,
        property_path: str,
    ) -> Any:  # noqa: ANN401
        """Return the inputs under their names in Python, and what is no mapping as it is."""
        if not isinstance(inputs, dict):
            return inputs
        given = cast("dict[str, Any]", inputs)
        kept = {name for name, each in given.items() if name not in properties or _is_kept(properties[name], each)}
        mapped = super().map_input_properties(
            {name: each for name, each in given.items() if name not in kept},
            {name: _unchecked(each) for name, each in properties.items()},
            mapping,
            component_name,
            property_path,
        )
        return {**mapped, **{mapping.get(name, name): given[name] for name in kept}}

    def refusal(self, error: Exception) -> InputPropertiesError | None:
        """Return the error that refuses inputs as the engine shows it; None for any other error.

        It has the names of the schema: `baseUrl` for `base_url`.
        """
        refusal = error.inner if isinstance(error, server.ComponentInitError) else error
        if not isinstance(refusal, pulumi.RunError):
            return None
        is_refused = isinstance(refusal, InvalidInputError)
        message = refusal.worded(self._wording) if is_refused else self._wording.rule(str(refusal))
        # An empty list of errors: without one, the SDK fails at the answer.
        return InputPropertiesError(message, [])


class SchemaWording(Wording):
    """The wording for programs in all languages but Python: names of the schema, and values in JSON."""

    def __init__(self, names: Collection[str]) -> None:
        """Know the ``names`` of the schema."""
        self._names = names

    def name(self, declared: str) -> str:
        """Return `baseUrl` for `base_url`."""
        name = camel_case(declared)
        return name if name in self._names else declared

    def rule(self, text: str) -> str:
        """Return a rule with the names of the schema outside double quotes."""
        return _PYTHON_NAME.sub(lambda found: self.name(found[0]), text)

    def value(self, value: object) -> str:
        """Return a text on one line, and every other value as JSON."""
        return super().value(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)

    def quoted(self, shown: str, value: object) -> str:
        """Return lists and mappings without quotation marks, because their texts have them."""
        return shown if isinstance(value, list | dict) else super().quoted(shown, value)


class Servicer(server.ProviderServicer):
    """Tells the engine what a component refused, without a traceback."""

    async def _construct(self, request: Any, context: Any) -> Any:  # noqa: ANN401
        try:
            return await cast("Any", super())._construct(request, context)
        except Exception as error:
            if refusal := cast("Components", self.provider).refusal(error):
                raise refusal from None
            raise


def _is_kept(declared: PropertyDefinition, value: object) -> bool:
    """Return whether a value stays as it is: the SDK drops what is no mapping where one is declared."""
    return isinstance(value, pulumi.Output) or (declared.ref is not None and not isinstance(value, dict))


def _unchecked(declared: PropertyDefinition) -> PropertyDefinition:
    """Return a property that the SDK doesn't check: the component itself does."""
    kind = PropertyType.NUMBER if declared.type is PropertyType.INTEGER else declared.type
    return dataclasses.replace(declared, optional=True, type=kind)
