"""From usage: what to ask for, and how much of the limits a machine will need."""
