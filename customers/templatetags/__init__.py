"""Template tags: what a limit is made of, in words."""
