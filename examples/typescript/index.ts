import * as kotauth from "@pulumi/kotauth";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const server = new kotauth.DockerDeployment("kotauth", {
    baseUrl: config.require("baseUrl"),
    acmeEmail: config.require("acmeEmail"),
    databaseVersion: 17,
    secretKey: config.getSecret("secretKey"),
    labels: { team: "identity" },
});

export const url = server.url;
export const adminUrl = server.adminUrl;
export const adminPassword = server.adminPassword;
