"""The simulated AWS itself: its protocol, its access control, and what replaces a resource."""
