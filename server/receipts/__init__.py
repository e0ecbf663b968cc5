"""Receipts: what is captured, what can be read from it."""
