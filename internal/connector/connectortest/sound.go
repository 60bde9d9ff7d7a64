package connectortest

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// sound checks what a Spec says about itself.
func sound(t testing.TB, s *connector.Spec) {
	t.Helper()
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(s.ID) || s.Name == "" {
		t.Errorf("id %q, name %q", s.ID, s.Name)
	}
	if u, err := url.Parse(s.Docs); err != nil || u.Scheme != "https" {
		t.Errorf("docs %q is no https address", s.Docs)
	}
	soundSettings(t, s)
	hosts(t, s)
	soundSchemes(t, s)
	soundFields(t, s)
	soundErrors(t, s.Errors)
	soundOperations(t, s)
	soundLimits(t, s.Limits)
}

func soundSettings(t testing.TB, s *connector.Spec) {
	t.Helper()
	known := map[string]connector.Setting{}
	for _, setting := range s.Settings {
		known[setting.Key] = setting
		format, err := regexp.Compile(setting.Format)
		if err != nil || !strings.HasPrefix(setting.Format, "^") || !strings.HasSuffix(setting.Format, "$") {
			t.Errorf("setting %s: format %q is not anchored, or none: %v", setting.Key, setting.Format, err)
			continue
		}
		for _, value := range []string{setting.Default, setting.Example} {
			if value != "" && !format.MatchString(value) {
				t.Errorf("setting %s: %q is not of its format", setting.Key, value)
			}
		}
		if setting.Label == "" || setting.Default == "" && setting.Example == "" {
			t.Errorf("setting %s has no label, or neither default nor example", setting.Key)
		}
	}
	addresses := []string{s.BaseURL}
	for _, scheme := range s.Schemes {
		if scheme.OAuth != nil {
			addresses = append(addresses, scheme.OAuth.TokenURL)
		}
	}
	for _, hole := range hostHoles(addresses) {
		if !known[hole].Host {
			t.Errorf("setting %s decides the host, but is not marked as such", hole)
		}
	}
	for _, text := range append(values(s.Headers), s.BaseURL) {
		for _, hole := range holes(text) {
			if _, ok := known[hole]; !ok {
				t.Errorf("%q needs the setting %s, which does not exist", text, hole)
			}
		}
	}
	if _, ok := known[s.Workspace]; s.Workspace != "" && !ok {
		t.Errorf("workspace names the setting %s, which does not exist", s.Workspace)
	}
}

func soundSchemes(t testing.TB, s *connector.Spec) {
	t.Helper()
	if len(s.Schemes) == 0 {
		t.Error("no scheme")
	}
	for _, scheme := range s.Schemes {
		known := map[string]bool{}
		for _, p := range scheme.Params() {
			known[p.Key] = true
		}
		for _, setting := range s.Settings {
			known[setting.Key] = true
		}
		texts := append(values(scheme.Headers), scheme.BasicPair[:]...)
		if scheme.OAuth != nil {
			for key, setting := range scheme.OAuth.Takes {
				if !slices.ContainsFunc(s.Settings, func(known connector.Setting) bool { return known.Key == setting }) {
					t.Errorf("scheme %s: the token answer's %s goes to the setting %s, which does not exist", scheme.ID, key, setting)
				}
			}
			texts = append(append(texts, values(scheme.OAuth.Params)...), scheme.OAuth.TokenURL)
			if !slices.Contains([]string{"form", "basic", "json"}, scheme.OAuth.ClientAuth) {
				t.Errorf("scheme %s: client auth %q", scheme.ID, scheme.OAuth.ClientAuth)
			}
		}
		for _, text := range texts {
			for _, hole := range holes(text) {
				if !known[hole] {
					t.Errorf("scheme %s: %q needs %s, which is neither a parameter nor a setting", scheme.ID, text, hole)
				}
			}
		}
	}
}

func soundFields(t testing.TB, s *connector.Spec) {
	t.Helper()
	subset := func(name string, list, of []contact.Field) {
		for i, f := range list {
			if !slices.Contains(of, f) || slices.Contains(list[:i], f) {
				t.Errorf("%s: %s does not belong there, or stands there twice", name, f)
			}
		}
	}
	subset("accepts", s.Fields.Accepts, contact.Writable())
	subset("requires", s.Fields.Requires, s.Fields.Accepts)
	for f, key := range s.Fields.Defaults {
		subset("defaults", []contact.Field{f}, s.Fields.Requires)
		if !slices.ContainsFunc(s.Settings, func(setting connector.Setting) bool { return setting.Key == key }) {
			t.Errorf("defaults: %s names the setting %s, which does not exist", f, key)
		}
	}
	subset("returns", s.Fields.Returns, contact.Readable())
	subset("adoption", s.Adoption.Compare, s.Fields.Returns)
	for _, name := range []contact.Field{contact.FirstName, contact.LastName, contact.Name} {
		if !slices.Contains(s.Fields.Accepts, name) {
			t.Errorf("accepts: no %s, which is derived from the other names", name)
		}
	}
	if !slices.Contains(s.Fields.Returns, contact.ID) {
		t.Error("returns: no id")
	}
	for f := range s.Fields.Notes {
		subset("notes", []contact.Field{f}, append(contact.Writable(), contact.Readable()...))
	}
	for name, f := range s.Errors.Fields {
		subset("errors, "+name, []contact.Field{f}, contact.Writable())
	}
}

func soundErrors(t testing.TB, e connector.Errors) {
	t.Helper()
	for code, kind := range e.Codes {
		if code == "" || !slices.Contains(fault.Kinds(), kind) {
			t.Errorf("errors: code %q means %q", code, kind)
		}
	}
	for status, kind := range e.Statuses {
		if status < 200 || status > 599 || !slices.Contains(fault.Kinds(), kind) {
			t.Errorf("errors: status %d means %q", status, kind)
		}
	}
	for _, code := range e.Stale {
		if code == "" {
			t.Error("errors: an empty code is stale")
		}
	}
}

func soundOperations(t testing.TB, s *connector.Spec) {
	t.Helper()
	operations := map[string]*connector.Operation{"create": &s.Create, "read": s.Read, "update": s.Update}
	for name, o := range operations {
		if o != nil && (o.Request == nil || o.Decode == nil) {
			t.Errorf("%s is incomplete", name)
		}
	}
	if s.ReadBack && s.Read == nil {
		t.Error("read-back without a read")
	}
	if s.ReadFirst && (s.Read == nil || s.Update == nil) {
		t.Error("an update that reads first, without a read or an update")
	}
	for i, f := range s.Find {
		if f.Request == nil || f.Decode == nil || f.By == "" && !f.Marker {
			t.Errorf("finder %d is incomplete", i)
		}
	}
	for _, d := range s.Prepare {
		if d.Name == "" || d.Request == nil || d.Decode == nil {
			t.Errorf("discovery %q is incomplete", d.Name)
		}
	}
	if b := s.Batch; b != nil && (b.Max < 2 || b.Request == nil || b.Decode == nil) {
		t.Error("batch is incomplete")
	}
	if i := s.Idempotency; i.Kind == connector.UniqueField && i.By == "" || i.Kind == connector.ClientID && i.ID == nil {
		t.Errorf("idempotency %s is incomplete", i.Kind)
	}
	if s.Probe.Request == nil {
		t.Error("no probe")
	}
	if !slices.Contains([]connector.Detection{connector.DetectNative, connector.DetectLookup, connector.DetectNone}, s.Duplicates.Detection) {
		t.Errorf("duplicates: %q is no way of detection", s.Duplicates.Detection)
	}
	if s.Duplicates.Detection == connector.DetectLookup && len(s.Find) == 0 {
		t.Error("duplicates are to be looked up, but there is no finder")
	}
}

func soundLimits(t testing.TB, l connector.Limits) {
	t.Helper()
	if len(l.Windows) == 0 || l.Concurrency < 1 {
		t.Error("no window, or no concurrency")
	}
	for _, w := range l.Windows {
		if w.Requests < 1 || w.Per <= 0 {
			t.Errorf("window %+v", w)
		}
	}
	for _, q := range l.Quotas {
		if q.Requests < 1 || q.Period == "" {
			t.Errorf("quota %+v", q)
		}
	}
	for _, w := range l.Wait {
		if w.Name == "" {
			t.Error("a wait header without a name")
		}
	}
}

// hostHoles lists the names in braces that stand in the hosts of addresses.
func hostHoles(addresses []string) []string {
	var names []string
	for _, address := range addresses {
		if _, rest, absolute := strings.Cut(address, "://"); absolute {
			address = rest
		}
		host, _, _ := strings.Cut(address, "/")
		names = append(names, holes(host)...)
	}
	return names
}

// holes lists the names in braces.
func holes(text string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`\{([^}]*)\}`).FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

func values(m map[string]string) []string {
	var list []string
	for _, value := range m {
		list = append(list, value)
	}
	return list
}

// addresses demands that every request of a conversation goes to the CRM's own
// host, and that no part of its path is missing.
func addresses(t testing.TB, home string, lines []line) {
	t.Helper()
	for _, l := range lines {
		rest, ours := strings.CutPrefix(l.request.URL, home)
		path, _, _ := strings.Cut(rest, "?")
		if !ours || !strings.HasPrefix(path, "/") || strings.Contains(path, "//") {
			t.Errorf("%s goes to %s, which is no place below %s", l.op, l.request.URL, home)
		}
	}
}
