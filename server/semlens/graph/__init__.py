"""The code graph: which definition each reference means, who calls what, and what a change touches.

It reads the references of segments. It runs no type checker. `resolver` states the rules; each edge has a confidence.
"""
