"""Measurements. Nothing here is a test: `make bench` prints figures and the machine they were taken on."""
