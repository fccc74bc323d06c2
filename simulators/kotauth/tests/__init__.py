"""The simulated Kotauth keeps the contract of the real one."""
