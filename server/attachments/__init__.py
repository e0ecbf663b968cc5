"""Photos and documents: received in parts, named by their content."""
