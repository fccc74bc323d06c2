// Command pulumi-resource-docker bridges the upstream Terraform provider under the tokens of Pulumi's "docker" package.
// It lacks the one resource that Pulumi wrote by hand, docker.Image; docker.RemoteImage with `build` takes its place.
package main

import (
	"encoding/json"
	"io"
	"log"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

// dockerVersion is set by the linker to the version of the Pulumi package that this plugin stands for.
var dockerVersion = "0.0.0"

type fields = map[string]*tfbridge.SchemaInfo

var resources = map[string]*tfbridge.ResourceInfo{
	"docker_buildx_builder": {Tok: resourceToken("BuildxBuilder")},
	"docker_config":         {Tok: resourceToken("ServiceConfig")},
	"docker_container": {
		Tok: resourceToken("Container"),
		Fields: fields{
			"command":           {Name: "command"},
			"networks_advanced": {Name: "networksAdvanced"},
		},
	},
	"docker_image": {
		Tok: resourceToken("RemoteImage"),
		// A named field is left alone by autonaming: an image's name is where it is pulled from.
		Fields: fields{"name": {Name: "name"}},
	},
	"docker_network":        {Tok: resourceToken("Network")},
	"docker_plugin":         {Tok: resourceToken("Plugin")},
	"docker_registry_image": {Tok: resourceToken("RegistryImage")},
	"docker_secret":         {Tok: resourceToken("Secret")},
	"docker_service":        {Tok: resourceToken("Service")},
	"docker_tag":            {Tok: resourceToken("Tag")},
	"docker_volume":         {Tok: resourceToken("Volume")},
}

var dataSources = map[string]*tfbridge.DataSourceInfo{
	"docker_image":                    {Tok: dataSourceToken("getRemoteImage")},
	"docker_logs":                     {Tok: dataSourceToken("getLogs")},
	"docker_network":                  {Tok: dataSourceToken("getNetwork")},
	"docker_plugin":                   {Tok: dataSourceToken("getPlugin")},
	"docker_registry_image":           {Tok: dataSourceToken("getRegistryImage")},
	"docker_registry_image_manifests": {Tok: dataSourceToken("getRegistryImageManifests")},
}

func resourceToken(class string) tokens.Type {
	return tfbridge.MakeResource("docker", "index", class)
}

func dataSourceToken(function string) tokens.ModuleMember {
	return tfbridge.MakeDataSource("docker", "index", function)
}

func provider() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		Name:         "docker",
		Version:      dockerVersion,
		P:            sdkv2.NewProvider(shim.NewProvider(dockerVersion)),
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Config:       fields{"registry_auth": {Name: "registryAuth"}},
		Resources:    resources,
		DataSources:  dataSources,
	}
	info.SetAutonaming(255, "-")
	return info
}

func main() {
	info := provider()
	// Standard output carries nothing but the plugin's port, so the generator has to be silent.
	generated, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo:    info,
		DiagnosticsSink: diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never}),
		XInMemoryDocs:   true,
	})
	if err != nil {
		log.Fatal(err)
	}
	schema, err := json.Marshal(generated.PackageSpec)
	if err != nil {
		log.Fatal(err)
	}
	tfbridge.Main("docker", dockerVersion, info, schema)
}
