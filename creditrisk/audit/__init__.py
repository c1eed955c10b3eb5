"""The audit trail: what changed where nothing else keeps it, all of it sealed in one chain, searched and verified."""
