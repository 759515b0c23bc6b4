"""Whole registers: the rules as SQL statements for DuckDB, Spark and PostgreSQL."""
