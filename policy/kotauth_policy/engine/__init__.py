"""Evaluates rules on resources; knows the wire protocol, waivers and reports, but no provider.

- `rule.py`: what a rule, a parameter and an area are. `verdict.py`: what a rule says. `evaluation.py`: runs one rule.
- `value.py`, `resource.py`: a property, a resource, the stack, and what readers register. `wire.py`: reads them.
- `servicer.py`, `rule_policy.py`: the gRPC analyzer, and a rule as the SDK knows it. `serve(rules, readers)` starts it.
- `configuration.py`, `waivers.py`, `waiver_file.py`, `report.py`: what an environment sets, excuses and gets back.
"""
