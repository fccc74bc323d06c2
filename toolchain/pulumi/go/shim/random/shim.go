// Package shim reaches the provider that upstream keeps in an internal package. Go allows that import only below the
// upstream module's own path, which is why this module is named like a folder of it.
package shim

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"
	internal "github.com/terraform-providers/terraform-provider-random/internal/provider"
)

// NewProvider returns the upstream Terraform provider for random values.
func NewProvider() provider.Provider {
	return internal.New()
}
