"""The credit policy: rows that administrators edit, compiled into one frozen value by version."""
