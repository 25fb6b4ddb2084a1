"""Registries of images: what a tag leads to, what is there, which tags are newer.

The OCI distribution API, https://github.com/opencontainers/distribution-spec/blob/main/spec.md.
"""

from binderclip.registries.client import Registries
from binderclip.registries.credentials import Credentials, Login, StoredCredentials
from binderclip.registries.images import Image
from binderclip.registries.versions import newer

__all__ = ["Credentials", "Image", "Login", "Registries", "StoredCredentials", "newer"]
