"""Tools bought on the road, and their way back to the warehouse."""
