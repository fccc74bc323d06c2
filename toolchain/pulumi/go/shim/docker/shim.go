// Package shim reaches the provider that upstream keeps in an internal package. Go allows that import only below the
// upstream module's own path, which is why this module is named like a folder of it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// NewProvider returns the upstream Terraform provider for Docker.
func NewProvider(version string) *schema.Provider {
	return provider.New(version)()
}
