"""Hubs: what runs at an address, and the REST API of a JupyterHub."""
