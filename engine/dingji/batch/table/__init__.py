"""Tables in columns: their cells as values of facts, by SQL, and the rows that a person should read instead."""
