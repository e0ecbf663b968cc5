"""Payments: approved lines become money, and everything that leaves the money desk."""
