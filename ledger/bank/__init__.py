"""The bank: statements read and matched with what is owed, RiBa lists sent out and their outcome read."""
