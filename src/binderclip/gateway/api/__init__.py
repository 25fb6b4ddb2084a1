"""The REST API for programs, and what machines of others fetch: schema and badges."""
