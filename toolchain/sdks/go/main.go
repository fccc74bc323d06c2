// Command sdks writes the SDKs of a package in other languages, with the generators of Pulumi's language plugins.
//
// Usage: sdks SCHEMA FOLDER LANGUAGE...
//
// It reads the schema from the file SCHEMA, and writes each SDK into FOLDER/LANGUAGE.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	dotnet "github.com/pulumi/pulumi-dotnet/pulumi-language-dotnet/v3/codegen"
	java "github.com/pulumi/pulumi-java/pkg/codegen/java"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "kotauth-infra"

type files = map[string][]byte

var generators = map[string]func(*schema.Package) (files, error){
	"nodejs": func(p *schema.Package) (files, error) { return nodejs.GeneratePackage(tool, p, nil, nil, true, nil) },
	"go":     func(p *schema.Package) (files, error) { return golang.GeneratePackage(tool, p, nil) },
	"dotnet": func(p *schema.Package) (files, error) { return dotnet.GeneratePackage(tool, p, nil, nil) },
	"java":   func(p *schema.Package) (files, error) { return java.GeneratePackage(tool, p, nil, nil, true, false) },
	"python": func(p *schema.Package) (files, error) { return python.GeneratePackage(tool, p, nil, nil) },
}

// offline answers with nothing to a generator that asks for the logo of the package.
type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) {
	return httptest.NewRecorder().Result(), nil
}

func main() {
	http.DefaultTransport = offline{}
	if len(os.Args) < 4 {
		fail(fmt.Errorf("usage: %s SCHEMA FOLDER LANGUAGE", filepath.Base(os.Args[0])))
	}
	for _, language := range os.Args[3:] {
		if err := write(os.Args[1], filepath.Join(os.Args[2], language), language); err != nil {
			fail(fmt.Errorf("%s: %w", language, err))
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}

func write(schemaFile, folder, language string) error {
	generate, known := generators[language]
	if !known {
		return fmt.Errorf("no generator of this name")
	}
	described, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(described, &spec); err != nil {
		return err
	}
	// As `pulumi package add` does: every SDK is a module or package of its own.
	spec.Meta = &schema.MetadataSpec{SupportPack: true}
	// Bound anew for each language, because a generator changes the package. No schema of another package is loaded,
	// because the components' types refer to none.
	bound, problems, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if problems.HasErrors() {
		return problems
	}
	made, err := generate(bound)
	if err != nil {
		return err
	}
	for name, content := range made {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
