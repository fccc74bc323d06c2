// Command pulumi-resource-random bridges the upstream Terraform provider under the tokens of Pulumi's "random" package.
package main

import (
	"context"
	"io"
	"log"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
	bridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/terraform-providers/terraform-provider-random/shim"
)

// randomVersion is set by the linker to the version of the Pulumi package that this plugin stands for.
var randomVersion = "0.0.0"

var resources = map[string]string{
	"random_bytes":    "RandomBytes",
	"random_id":       "RandomId",
	"random_integer":  "RandomInteger",
	"random_password": "RandomPassword",
	"random_pet":      "RandomPet",
	"random_shuffle":  "RandomShuffle",
	"random_string":   "RandomString",
	"random_uuid":     "RandomUuid",
	"random_uuid4":    "RandomUuid4",
	"random_uuid7":    "RandomUuid7",
}

func provider() bridge.ProviderInfo {
	info := bridge.ProviderInfo{
		Name:         "random",
		Version:      randomVersion,
		P:            tfbridge.ShimProvider(shim.NewProvider()),
		MetadataInfo: bridge.NewProviderMetadata([]byte("{}")),
		Resources:    map[string]*bridge.ResourceInfo{},
	}
	for name, class := range resources {
		info.Resources[name] = &bridge.ResourceInfo{Tok: bridge.MakeResource("random", "index", class)}
	}
	// Upstream's id would be the password itself, and an id is not encrypted in the state.
	info.Resources["random_password"].ComputeID = func(context.Context, resource.PropertyMap) (resource.ID, error) {
		return "none", nil
	}
	return info
}

func main() {
	info := provider()
	// Standard output carries nothing but the plugin's port, so the generator has to be silent.
	schema, err := tfgen.GenerateSchema(context.Background(), tfgen.GenerateSchemaOptions{
		ProviderInfo:    info,
		DiagnosticsSink: diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never}),
		XInMemoryDocs:   true,
	})
	if err != nil {
		log.Fatal(err)
	}
	tfbridge.Main(context.Background(), "random", info, schema.ProviderMetadata)
}
