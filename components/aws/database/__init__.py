"""PostgreSQL on Amazon RDS, and the application's roles in it."""
