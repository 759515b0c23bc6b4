"""Tables of cases: columns mapped to facts, CSV and XLSX."""
