"""The words in which the portal speaks with every gateway, a file for each capability; `base` offers them all."""
