"""Columns and frames that two jobs or more need."""
