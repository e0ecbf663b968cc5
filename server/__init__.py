"""Fieldclaim's server: the domains, their rules, and the ways in."""
