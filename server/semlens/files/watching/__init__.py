"""Tells which files of a root changed: inotify, watchdog or polling."""
