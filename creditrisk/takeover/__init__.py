"""Taking over what other systems know: from the readers' rows to companies, customers, limits and their history."""
