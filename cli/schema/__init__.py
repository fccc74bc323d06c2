"""`make schema`: docs/schema.yaml, the snapshot of the components' schema, and docs/reference.md.

`members`    what the schema declares: components, types, and their inputs, outputs and fields
`snapshot`   docs/schema.yaml, and the changes between two snapshots that break a user's program
`reference`  docs/reference.md
`examples`   the examples of that page
"""
