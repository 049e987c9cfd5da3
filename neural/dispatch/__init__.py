"""A dispatching rule learned on a generic encoding of scheduling problems."""
