"""How many nodes of which kind."""
