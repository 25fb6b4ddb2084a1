"""From what a person wrote to commits, digests and locks; and back."""
