package vendors_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/connector/connectortest"
	"crmferry/internal/vendors"
)

// folder is where a connector lives: package names have no hyphens.
func folder(id string) string { return strings.ReplaceAll(id, "-", "") }

func TestConnectors(t *testing.T) {
	t.Parallel()
	for _, spec := range vendors.All() {
		t.Run(spec.ID, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, spec, testdata(spec.ID))
		})
	}
}

func TestListAndFoldersAgree(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var folders, listed, ids []string
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, e.Name())
		}
	}
	for _, spec := range vendors.All() {
		listed, ids = append(listed, folder(spec.ID)), append(ids, spec.ID)
	}
	if !slices.IsSorted(ids) {
		t.Errorf("the list is not sorted: %v", ids)
	}
	slices.Sort(listed)
	if diff := cmp.Diff(folders, listed); diff != "" {
		t.Errorf("folders and list (-folders +list):\n%s", diff)
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	c := vendors.NewCatalogue()
	for _, spec := range c.All() {
		if found, ok := c.Lookup(spec.ID); !ok || found != spec {
			t.Errorf("%s is not found", spec.ID)
		}
	}
	if spec, ok := c.Lookup("nothing"); ok || spec != nil {
		t.Errorf("nothing is %v", spec)
	}
}
