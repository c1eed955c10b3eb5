"""Readers: one a file format. They check and translate; what they hand over is written by others."""
