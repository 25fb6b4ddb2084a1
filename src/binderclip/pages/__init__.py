"""What web pages of ours are made of. Shells give them out."""
