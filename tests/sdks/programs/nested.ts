// Inputs of every shape: nested objects, lists and maps of objects, secrets, and outputs of other components.
import * as kotauth from "@pulumi/kotauth";
import * as pulumi from "@pulumi/pulumi";

const probe = { command: ["true"], intervalSeconds: 5, timeoutSeconds: 5, retries: 3 };
const spec = { part: "server", image: "registry.example/x:1.2.3", user: "10001:10001", memory: 64, cpus: 0.5, probe };

new kotauth.DockerDeployment("docker", {
    baseUrl: "https://auth.example.com",
    acmeEmail: "ops@example.com",
    httpPort: 81,
    secretKey: pulumi.secret("b".repeat(64)),
    labels: { team: "identity" },
});

new kotauth.DockerContainer("container", {
    spec: {
        ...spec,
        environment: { PLAIN: "a" },
        secretFiles: ["token"],
        configFiles: { "server.conf": pulumi.output("late") },
        volumes: [{ name: "data", path: "/data" }],
        log: { driver: "json-file", options: { "max-size": "1m" } },
        beforeStart: { name: "guard", image: "registry.example/x:1.2.3", command: ["check"] },
    },
    secrets: { token: pulumi.output("of the container") },
    networks: [{ name: pulumi.output("back"), alias: "server", forCheck: true }, { name: "front" }],
});

const deployment = new kotauth.AwsDeployment("identity-aws", {
    baseUrl: "https://auth.example.com",
    availabilityZones: ["eu-central-1a", "eu-central-1b"],
    zoneId: "Z0123456789ABC",
    adminCidrs: ["203.0.113.0/24"],
    egressPorts: [443, 587],
    databaseMultiAz: false,
    alarmLatency: 1.5,
    tags: { team: "identity" },
});

const secret = new kotauth.AwsSecret("secret", { value: pulumi.secret("of the secret"), description: "Token" });

new kotauth.AwsSingleHost("host", {
    vpcId: "vpc-0123456789abcdef0",
    subnetId: "subnet-0123456789abcdef0",
    availabilityZone: "eu-central-1a",
    containers: [{ ...spec, secretFiles: ["token"], ports: [{ host: 443, container: 8443 }] }],
    secrets: { token: { arn: secret.arn, keyArn: secret.kmsKeyArn, versionLabel: secret.versionLabel } },
    egress: [{ port: 443, description: "AWS" }],
    watch: { port: 9000 },
});

new kotauth.AwsDns("dns", {
    zoneId: "Z0123456789ABC",
    name: "auth.example.com",
    alias: { dnsName: pulumi.output("lb.example.com"), zoneId: "Z1", dualstack: true },
});

export const url = deployment.url;
