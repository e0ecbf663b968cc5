"""Fieldclaim's sync engine: one journal, one way to write. Knows no domain and no web framework."""
