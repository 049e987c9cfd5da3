"""Vehicle routing with the features of practice: the kind ``vrp``."""
