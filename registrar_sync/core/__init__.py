"""Decisions only: values in, values out. No clock, file, socket or database."""
