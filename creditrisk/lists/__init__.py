"""Every list of the product: its columns, its order, its pages by key, views that people keep of it, and its files."""
