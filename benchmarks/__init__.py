"""Measurements: each module is one named command that prints a table."""
