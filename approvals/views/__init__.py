"""The pages of approval: the release desk with its alerts, evaluation for release, and limit requests."""
