"""Scheduling: the job shop."""
