"""The help: pages made from docstrings and the fields' metadata, a palette over everything, names for the parts.

`desk` is what the window has of it; everything else is imported when it is first asked for.
"""
