"""`metadata.binder`: the specification, its model and its dialects."""
