package main

import (
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"google.golang.org/protobuf/encoding/protojson"
)

type registration struct {
	Type   string          `json:"type"`
	Name   string          `json:"name"`
	Inputs json.RawMessage `json:"inputs"`
}

type mocks struct {
	lock      sync.Mutex
	resources []registration
}

func (m *mocks) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	marshaled, err := plugin.MarshalProperties(args.Inputs, plugin.MarshalOptions{KeepSecrets: true})
	if err != nil {
		return "", nil, err
	}
	inputs, err := protojson.Marshal(marshaled)
	if err != nil {
		return "", nil, err
	}
	state := args.Inputs.Copy()
	state["arn"] = resource.NewStringProperty(args.Name + "-arn")
	state["kmsKeyArn"] = resource.NewStringProperty(args.Name + "-key")
	state["versionLabel"] = resource.NewStringProperty("v1")
	if url, given := state["baseUrl"]; given {
		state["url"] = url
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	m.resources = append(m.resources, registration{args.TypeToken, args.Name, inputs})
	return args.Name + "-id", state, nil
}

func (m *mocks) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return args.Args, nil
}

// TestRecord runs the program under Pulumi's mocks, and writes what it registered to the file $RECORDED.
func TestRecord(t *testing.T) {
	recorded := &mocks{}
	if err := pulumi.RunErr(program, pulumi.WithMocks("kotauth", "unit", recorded)); err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(map[string]any{"resources": recorded.resources})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv("RECORDED"), content, 0o600); err != nil {
		t.Fatal(err)
	}
}
