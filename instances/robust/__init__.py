"""Two-stage robust problems: decide, see what an adversary does, then react."""
