"""`make schema`: docs/schema.yaml, the snapshot of the components' schema, from their annotations.

`members`   what a schema declares: components, types, and their inputs, outputs and fields
`snapshot`  the file, and the changes between two schemas that break a user's program
"""
