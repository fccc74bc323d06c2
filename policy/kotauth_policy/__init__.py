"""The CrossGuard policy pack of kotauth-infra: production rules as data, evaluated on what the engine sends.

- `rules/`: what must hold, a module for each subject. Add a rule there; `rules/__init__.py` says how.
- `readers/`: what rules know about a provider, a host or Kotauth. Add a reader there; `readers/__init__.py` says how.
- `engine/`: evaluates rules, applies waivers, writes the report. It knows no provider.
- `formats/`: makes a table, SARIF or JUnit of a report, and docs/controls.md of the rules.
- `catalogue.py`: collects what modules of `rules/` and `readers/` define. `policy/__main__.py` serves it.

Imports run one way: `rules` import `readers` and `engine`, `readers` and `formats` import `engine`.
"""
