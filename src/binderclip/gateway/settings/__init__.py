"""Settings of the service. ``model`` is the data; ``reading`` makes it of files, variables and
flags.
"""
