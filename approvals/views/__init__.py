"""The pages of approval: the release desk with its alerts, and limit requests."""
