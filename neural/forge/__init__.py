"""FORGE: embeddings of mixed-integer programs, and what they are good for."""
