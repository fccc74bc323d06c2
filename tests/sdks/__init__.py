"""Programs in other languages: the SDKs are generated and compiled, the programs run under mocks and on the engine."""
