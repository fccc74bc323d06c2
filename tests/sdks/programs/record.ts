// Runs a program under Pulumi's mocks, and writes what it registered as JSON:
// node record.js PROGRAM FILE
import * as pulumi from "@pulumi/pulumi";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

const [program, file] = process.argv.slice(2);
const resources: object[] = [];

pulumi.runtime.setMocks({
    newResource({ type, name, inputs }) {
        resources.push({ type, name, inputs });
        const state = { ...inputs, url: inputs.baseUrl, arn: `${name}-arn`, kmsKeyArn: `${name}-key`, versionLabel: "v1" };
        return { id: `${name}-id`, state };
    },
    call: ({ inputs }) => inputs,
});

async function main() {
    const exported: Record<string, unknown> = {};
    for (const [name, output] of Object.entries(await import(resolve(program)))) {
        if (name !== "default" && name !== "module.exports" && name !== "__esModule") {
            exported[name] = await new Promise((resolve) => pulumi.output<any>(output).apply(resolve));
        }
    }
    await pulumi.runtime.disconnect();
    writeFileSync(file, JSON.stringify({ resources, exported }));
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
