"""What was said with customers: notes, the day of the next contact, promises to pay."""
