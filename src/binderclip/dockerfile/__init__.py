"""Which images a Dockerfile builds on, and the same file with their digests in it.

The language: https://docs.docker.com/reference/dockerfile/, as BuildKit's own parser reads it.
"""

from binderclip.dockerfile.froms import From, parse, pinned

__all__ = ["From", "parse", "pinned"]
