"""A graded case as a document: an HTML page that stands alone, and the same as PDF and Word."""
