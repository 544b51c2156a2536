"""Notices which files of a root changed, by inotify, watchdog or polling."""
