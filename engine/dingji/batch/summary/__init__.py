"""What the grades of whole registers come to: counts, targets, and what became of them under other rules."""
