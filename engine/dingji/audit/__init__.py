"""Determinations on record: written once, chained, signed, replayed."""
