"""The whole stack as containers: what a user and an operator see."""
