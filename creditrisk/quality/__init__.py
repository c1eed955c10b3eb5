"""Data quality: what is probably wrong with the data, worked off; customers that are one are merged."""
