"""Environments as Git repositories, for the builders of hubs."""
