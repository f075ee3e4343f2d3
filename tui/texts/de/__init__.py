"""The German texts."""
