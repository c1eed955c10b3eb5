"""The demo company: generated, the same every time, and ending today. A front door: it does what people would do."""
