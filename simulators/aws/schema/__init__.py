"""The types of the installed SDK, and the wire form of values between the engine and the provider."""
