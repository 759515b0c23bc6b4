"""Registers graded where they stand: on an Apache Spark cluster, or in a PostgreSQL database."""
