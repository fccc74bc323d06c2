"""One module for each area. What several areas know about Docker and Kotauth is beside this package."""
