"""The report of one audited record for a person: what to look at first, and how the grade was reached, in the order it was."""
