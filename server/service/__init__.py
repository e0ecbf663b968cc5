"""Customers, jobs, trips and reports."""
