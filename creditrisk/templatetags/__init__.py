"""Template tags: how amounts, days, states and findings are shown to people."""
