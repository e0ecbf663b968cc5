"""Places: administrative divisions of China and distances."""
