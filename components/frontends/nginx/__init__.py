"""nginx as the frontend."""
