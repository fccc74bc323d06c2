"""The connection to PostgreSQL: JDBC URL, pool, migrations."""
