"""Programs in other languages: the SDKs are generated and compiled, and their programs run under Pulumi's mocks."""
