"""BinderHub's own protocol, for its clients: ``GET /build/notebook/ADDRESS``."""
