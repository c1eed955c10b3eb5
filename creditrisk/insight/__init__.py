"""What the company's own history says about its credit: compared groups, numbers of cases, intervals."""
