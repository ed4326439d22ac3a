"""Modules that workers import: the same tasks for this engine and for its peers."""
