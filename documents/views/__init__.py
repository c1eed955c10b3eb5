"""The pages of documents: lists and one document, entry, what follows from others, steps."""
