"""Key figures of a company: formulas, what feeds them, their past."""
