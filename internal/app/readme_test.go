package app

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"crmferry/internal/config"
	"crmferry/internal/localredis/redistest"
	"crmferry/internal/vendors"
)

var update = flag.Bool("update", false, "write the README's generated parts anew")

const readme = "../../README.md"

// TestREADME keeps the README's tables equal to the code's own data.
func TestREADME(t *testing.T) {
	t.Parallel()
	old, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	fresh := string(old)
	for name, table := range map[string]string{"settings": settingsTable(), "crms": crmTable(t)} {
		part := regexp.MustCompile(`(?s)<!-- ` + name + ` -->.*<!-- /` + name + ` -->`)
		if !part.MatchString(fresh) {
			t.Fatalf("the README has no part %q", name)
		}
		fresh = part.ReplaceAllLiteralString(fresh, "<!-- "+name+" -->\n"+table+"<!-- /"+name+" -->")
	}
	if *update {
		if err := os.WriteFile(readme, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if fresh != string(old) {
		t.Error("the README's tables are stale: go test ./internal/app -run README -update")
	}
}

// TestDependenciesAreNamed: each direct dependency has its reason in the README.
func TestDependenciesAreNamed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		name := regexp.MustCompile(`^github\.com/|/v\d+$`).ReplaceAllString(r.Mod.Path, "")
		if !r.Indirect && !strings.Contains(string(text), "| "+name+" |") {
			t.Errorf("the README does not say why %s is needed", r.Mod.Path)
		}
	}
}

func settingsTable() string {
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n|---|---|---|\n")
	for _, s := range config.Document() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, code(s.Default), strings.ReplaceAll(s.Meaning, "|", "\\|"))
	}
	return b.String()
}

// capability is the part of GET /crms/{crm} that the README shows.
type capability struct {
	ID, Name, Docs string
	Fields         struct {
		Request, Response map[string]struct{ Supported bool }
	}
	Schemes  []struct{ Scheme string }
	Settings []struct {
		Key      string
		Required bool
	}
	BatchSize          int      `json:"batch_size"`
	DuplicateDetection string   `json:"duplicate_detection"`
	OnDuplicate        []string `json:"on_duplicate"`
	Idempotency        struct{ Kind string }
	UnknownOutcome     struct {
		ResolvedBy []string `json:"resolved_by"`
	} `json:"unknown_outcome"`
}

// crmTable shows what the API itself says of each CRM.
func crmTable(t *testing.T) string {
	t.Helper()
	s := startOn(t, redistest.Client(t), "", nil)
	defer s.stop()
	c := newClient("http://"+s.api.addr, testToken)
	var b strings.Builder
	b.WriteString("| CRM | id | credentials | settings (**required**) | fields in | fields out | duplicates found | `on_duplicate` | repeating a create is harmless by | an unknown outcome is settled by | batch |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, spec := range vendors.All() {
		var v capability
		if _, err := c.call(t.Context(), "GET", "/crms/"+spec.ID, nil, &v); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| [%s](%s) | `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %d |\n", v.Name, v.Docs, v.ID,
			v.schemes(), v.settings(), share(v.Fields.Request), share(v.Fields.Response), v.DuplicateDetection,
			strings.Join(v.OnDuplicate, ", "), strings.ReplaceAll(v.Idempotency.Kind, "_", " "), dash(strings.Join(v.UnknownOutcome.ResolvedBy, ", ")), v.BatchSize)
	}
	return b.String()
}

func share(fields map[string]struct{ Supported bool }) string {
	n := 0
	for _, f := range fields {
		if f.Supported {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(fields))
}

func (v capability) schemes() string {
	var list []string
	for _, s := range v.Schemes {
		list = append(list, code(s.Scheme))
	}
	return strings.Join(list, ", ")
}

func (v capability) settings() string {
	var list []string
	for _, s := range v.Settings {
		if s.Required {
			list = append(list, "**"+code(s.Key)+"**")
		} else {
			list = append(list, code(s.Key))
		}
	}
	return dash(strings.Join(list, ", "))
}

func code(text string) string {
	if text == "" {
		return "-"
	}
	return "`" + text + "`"
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
