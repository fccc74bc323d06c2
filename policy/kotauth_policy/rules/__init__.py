"""The rules, grouped by subject: AWS, Docker, Kotauth.

`docs/adding.md`, "Add a policy rule", has the procedure and the tests.
`omitted.py` lists the controls for which there is no rule, each with the reason.
"""
