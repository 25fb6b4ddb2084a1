"""From an order to a notebook that runs, and to its end."""
