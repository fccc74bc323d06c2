// The same inputs as in nested.ts.
package main

import (
	"strings"

	"example.com/pulumi-kotauth/sdk/go/kotauth"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(program)
}

func program(ctx *pulumi.Context) error {
	spec := kotauth.ContainerSpecArgs{
		Part:   "server",
		Image:  "registry.example/x:1.2.3",
		User:   "10001:10001",
		Memory: 64,
		Cpus:   0.5,
		Probe:  &kotauth.ProbeArgs{Command: []string{"true"}, IntervalSeconds: 5, TimeoutSeconds: 5, Retries: 3},
	}

	_, err := kotauth.NewDockerDeployment(ctx, "docker", &kotauth.DockerDeploymentArgs{
		BaseUrl:   "https://auth.example.com",
		AcmeEmail: pulumi.StringRef("ops@example.com"),
		HttpPort:  pulumi.IntRef(81),
		SecretKey: pulumi.ToSecret(pulumi.String(strings.Repeat("b", 64))).(pulumi.StringOutput),
		Labels:    pulumi.StringMap{"team": pulumi.String("identity")},
	})
	if err != nil {
		return err
	}

	container := spec
	container.Environment = map[string]pulumi.StringInput{"PLAIN": pulumi.String("a")}
	container.SecretFiles = []string{"token"}
	container.ConfigFiles = map[string]pulumi.StringInput{"server.conf": pulumi.String("late").ToStringOutput()}
	container.Volumes = []kotauth.PersistentVolumeArgs{{Name: "data", Path: "/data"}}
	container.Log = &kotauth.LogArgs{Driver: "json-file", Options: map[string]string{"max-size": "1m"}}
	container.BeforeStart = &kotauth.CheckArgs{
		Name: "guard", Image: "registry.example/x:1.2.3", Command: []string{"check"},
	}
	_, err = kotauth.NewDockerContainer(ctx, "container", &kotauth.DockerContainerArgs{
		Spec:    container,
		Secrets: map[string]pulumi.StringInput{"token": pulumi.String("of the container").ToStringOutput()},
		Networks: []kotauth.NetworkAttachmentArgs{
			{
				Name:     pulumi.String("back").ToStringOutput(),
				Alias:    pulumi.StringRef("server"),
				ForCheck: pulumi.BoolRef(true),
			},
			{Name: pulumi.String("front")},
		},
	})
	if err != nil {
		return err
	}

	deployment, err := kotauth.NewAwsDeployment(ctx, "identity-aws", &kotauth.AwsDeploymentArgs{
		BaseUrl:           "https://auth.example.com",
		AvailabilityZones: []string{"eu-central-1a", "eu-central-1b"},
		ZoneId:            pulumi.String("Z0123456789ABC"),
		AdminCidrs:        []string{"203.0.113.0/24"},
		EgressPorts:       []int{443, 587},
		DatabaseMultiAz:   pulumi.BoolRef(false),
		AlarmLatency:      pulumi.Float64Ref(1.5),
		Tags:              pulumi.StringMap{"team": pulumi.String("identity")},
	})
	if err != nil {
		return err
	}

	secret, err := kotauth.NewAwsSecret(ctx, "secret", &kotauth.AwsSecretArgs{
		Value:       pulumi.ToSecret(pulumi.String("of the secret")).(pulumi.StringOutput),
		Description: pulumi.String("Token"),
	})
	if err != nil {
		return err
	}

	host := spec
	host.SecretFiles = []string{"token"}
	host.Ports = []kotauth.PublishedPortArgs{{Host: 443, Container: 8443}}
	_, err = kotauth.NewAwsSingleHost(ctx, "host", &kotauth.AwsSingleHostArgs{
		VpcId:            pulumi.String("vpc-0123456789abcdef0"),
		SubnetId:         pulumi.String("subnet-0123456789abcdef0"),
		AvailabilityZone: pulumi.String("eu-central-1a"),
		Containers:       []kotauth.ContainerSpecArgs{host},
		Secrets: map[string]kotauth.SecretReferenceArgs{
			"token": {Arn: secret.Arn, KeyArn: secret.KmsKeyArn, VersionLabel: secret.VersionLabel},
		},
		Egress: []kotauth.EgressArgs{{Port: 443, Description: "AWS"}},
		Watch:  &kotauth.WatchedContainerArgs{Port: pulumi.IntRef(9000)},
	})
	if err != nil {
		return err
	}

	_, err = kotauth.NewAwsDns(ctx, "dns", &kotauth.AwsDnsArgs{
		ZoneId: pulumi.String("Z0123456789ABC"),
		Name:   "auth.example.com",
		Alias: &kotauth.AliasTargetArgs{
			DnsName:   pulumi.String("lb.example.com").ToStringOutput(),
			ZoneId:    pulumi.String("Z1"),
			Dualstack: pulumi.BoolRef(true),
		},
	})
	if err != nil {
		return err
	}

	ctx.Export("url", deployment.Url)
	return nil
}
