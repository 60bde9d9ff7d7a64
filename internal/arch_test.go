package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// ours are the packages of this module that a package may not import, by
// prefix; third-party packages are named by their module. "ours" forbids every
// package of ours.
var forbidden = map[string][]string{
	"contact":                 {"ours"},
	"fault":                   {"ours"},
	"connector":               {"vendors", "job", "queue", "store", "github.com/gin-gonic/gin", "github.com/hibiken/asynq", "github.com/redis"},
	"connector/connectortest": {"vendors"},
	"vendors":                 {"job", "queue", "store", "api", "app", "account", "transport", "os", "log", "log/slog", "github.com/gin-gonic/gin", "github.com/redis"},
	"shape":                   {"connector", "vendors", "net/http"},
	"transport":               {"contact", "connector", "vendors"},
	"account":                 {"vendors", "github.com/gin-gonic/gin", "github.com/hibiken/asynq", "github.com/redis"},
	"job":                     {"vendors", "net/http", "github.com/hibiken/asynq", "github.com/redis", "github.com/gin-gonic/gin"},
	"store":                   {"vendors", "api", "github.com/gin-gonic/gin", "github.com/hibiken/asynq"},
	"pace":                    {"job", "vendors", "store", "queue", "api", "github.com/hibiken/asynq", "github.com/gin-gonic/gin"},
	"imports":                 {"vendors", "store", "queue", "api", "github.com/gin-gonic/gin", "github.com/hibiken/asynq", "github.com/redis"},
	"fingerprint":             {"connector", "vendors", "fault", "account", "job", "imports", "store", "queue", "api", "app", "pace", "lua", "net/http", "github.com/redis"},
	"webhook":                 {"vendors", "connector", "store", "queue", "api", "github.com/gin-gonic/gin", "github.com/hibiken/asynq", "github.com/redis"},
	"lua":                     {"ours"},
	"queue":                   {"vendors", "connector", "api", "github.com/gin-gonic/gin"},
	"api":                     {"vendors", "store", "queue", "github.com/hibiken/asynq", "github.com/redis"},
	"sandbox":                 {"job", "queue", "api", "connector", "vendors"},
	"config":                  {"ours"},
	"telemetry":               {"ours"},
}

// only names the packages that alone may import something.
var only = map[string][]string{
	"github.com/hibiken/asynq":  {"queue"},
	"github.com/gin-gonic/gin":  {"api"},
	"github.com/alicebob":       {"localredis"},
	"crmferry/internal/app":     {"app"},
	"crmferry/internal/vendors": {"app", "vendors"},
}

const module = "crmferry/internal/"

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok {
			continue
		}
		for _, imported := range p.Imports {
			for owner, rules := range forbidden {
				if within(name, owner) && breaks(imported, owner, rules) {
					t.Errorf("%s must not import %s", name, imported)
				}
			}
			for what, owners := range only {
				if within(imported, what) && !anyWithin(name, owners) {
					t.Errorf("%s must not import %s: only %v may", name, imported, owners)
				}
			}
		}
	}
}

// TestVendorsStandAlone: a connector knows no other connector, no clock, no
// network, no log.
func TestVendorsStandAlone(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		name, ok := strings.CutPrefix(p.ImportPath, module+"vendors/")
		if !ok {
			continue
		}
		for _, imported := range p.Imports {
			inner, ours := strings.CutPrefix(imported, module)
			switch {
			case ours && inner != "connector" && inner != "contact" && inner != "shape" && inner != "fault":
				t.Errorf("vendors/%s must not import %s", name, imported)
			case !ours && strings.Contains(imported, "."):
				t.Errorf("vendors/%s must not import the module %s", name, imported)
			case imported == "sync" || imported == "os" || imported == "net" || imported == "context" || strings.HasPrefix(imported, "log"):
				t.Errorf("vendors/%s must not import %s", name, imported)
			}
		}
	}
}

func breaks(imported, owner string, rules []string) bool {
	inner, ours := strings.CutPrefix(imported, module)
	for _, rule := range rules {
		switch {
		case rule == "ours" && ours && !within(inner, owner):
			return true
		case ours && within(inner, rule), !ours && within(imported, rule):
			return true
		}
	}
	return false
}

func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func anyWithin(path string, roots []string) bool {
	for _, root := range roots {
		if within(path, root) {
			return true
		}
	}
	return false
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "../...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
