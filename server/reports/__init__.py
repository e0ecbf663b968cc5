"""What finance and the manager see at a glance: figures over the desk's index, each with the lines it counts."""
