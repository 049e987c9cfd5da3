"""Divide, conquer and reunite: large problems in pieces (UDC)."""
