"""Notebooks that people leave with the service for a while, so that they have an address."""
