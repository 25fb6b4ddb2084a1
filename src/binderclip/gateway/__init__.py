"""The web service: from a notebook's address to the notebook running. ``app.create`` makes it."""
