"""Claims: what is asked for, what the rules say, what finance decides."""
