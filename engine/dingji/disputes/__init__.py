"""Disputed grades: what the parties differ in, what of it matters, the ruling."""
