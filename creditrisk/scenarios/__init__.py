"""Credit policies told as stories: read them, play them against the real services, say what differs."""
