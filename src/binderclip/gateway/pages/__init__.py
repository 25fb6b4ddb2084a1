"""Pages for people: from an address to a click, and from there to the notebook."""
