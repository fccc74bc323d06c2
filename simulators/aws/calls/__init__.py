"""How a type of resource becomes calls of an AWS API: the table, the calls, the shapes of their members, tags."""
