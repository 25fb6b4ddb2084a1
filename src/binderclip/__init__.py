"""A notebook that carries its own Binder."""
