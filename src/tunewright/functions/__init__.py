"""Python functions as trainings: `tunewright.minimize` and `tunewright.maximize`, above the embedded server.

Nothing is imported here: each training's process comes by this package, and should begin at once (docs/adr/0037).
"""
