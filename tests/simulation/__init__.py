"""A deterministic world of devices, people, a network and a server, in virtual time. See docs/simulation.md."""
