"""What was asked for beside what was used."""
