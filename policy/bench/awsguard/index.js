const { AwsGuard } = require("@pulumi/awsguard");

// These three ask AWS about what is deployed; the others read what the program passes.
const asking = ["acmCertificateExpiration", "iamAccessKeysRotated", "iamMfaEnabledForConsoleAccess"];

new AwsGuard({ all: "advisory", ...Object.fromEntries(asking.map((rule) => [rule, "disabled"])) });
