"""Ledgers: what many records come to under other knowledge or with other facts, and what of the knowledge they used.

Matrix, impact and usage have one page: a headline, figures, and sections with tables. `render_ledger` lays it out.
"""
