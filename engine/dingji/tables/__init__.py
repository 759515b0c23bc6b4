"""Tables of cases: columns mapped to facts, read row by row; CSV and XLSX written safely."""
