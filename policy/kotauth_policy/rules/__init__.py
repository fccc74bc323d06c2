"""The rules, grouped by subject: AWS, Docker, Kotauth.

Add a rule:

1. Write a function below `@AREA.rule(name, severity, description, …)` in its area's module, as in `aws/buckets.py`.
   It yields `fail(path, reason)` for what is wrong and nothing for a pass. docs/controls.md lists the areas.
   A new module defines an `AREA` of its own; the catalogue collects its rules.
2. Name in `types` the type tokens that it is about. A rule about containers names `CONTAINER` alone: it is evaluated on
   containers that readers find inside other resources, too, unless it says `nested=False`.
3. Set `relaxes=True` on a parameter that production must keep at its default.
4. Add its rows to the lists that `TABLE` of `tests/policy/rows/<area>.py` gathers.
   A rule that reads text or conditions is also named in `READS_TEXT` of `tests/policy/test_matrix.py`.
5. Run `make controls`, which writes docs/controls.md.

`omitted.py` lists the controls that are no rule, with the reason.
"""
