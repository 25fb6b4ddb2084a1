"""Pinning Python packages: what is asked for, what uv answers, what a lock holds."""
