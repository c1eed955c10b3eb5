"""Reports by schedule: what is told to whom and when, what was made, and its mailing."""
