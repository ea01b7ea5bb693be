"""The work, a file a verb (generators of events), and the questions (plain functions that return a frozen value)."""
