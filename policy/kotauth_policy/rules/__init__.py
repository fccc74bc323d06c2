"""The rules, grouped by subject: AWS, Docker, Kotauth.

Add a rule:

1. Write a function below `@AREA.rule(name, severity, description, …)` in its area's module, as in `aws/buckets.py`.
   It yields `fail(path, reason)` for each violation and nothing for a pass. docs/controls.md lists the areas.
   A new module defines its own `AREA`; the catalogue collects its rules.
   The description is one imperative sentence, and the remedy one or two with property names.
2. Set `types` to the type tokens of the evaluated resources. A rule about containers lists only `CONTAINER`: it is also
   evaluated on containers that readers find inside other resources, unless it sets `nested=False`.
3. Set `relaxes=True` on a parameter that production must keep at its default.
4. Add its rows to the lists that `TABLE` of `tests/policy/rows/<area>.py` gathers.
   A rule that reads text or conditions is also named in `READS_TEXT` of `tests/policy/test_matrix.py`.
5. Run `make controls`, which writes docs/controls.md.

`omitted.py` lists the controls for which there is no rule, each with the reason.
"""
