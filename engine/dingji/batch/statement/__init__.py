"""A plan as one SQL statement: the rule language, its values and hit policies, and the columns of a result."""
