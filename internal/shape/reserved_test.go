package shape

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnreserved(t *testing.T) {
	t.Parallel()
	all := []Definition{{Key: "k1", Label: "Source Key"}, {Key: "k2", Label: "Tier"}}
	for name, tt := range map[string]struct {
		custom map[string]any
		key    string
		want   map[string]any
		report []string
	}{
		"by its key":   {map[string]any{"k1": 1, "k2": 2}, "k1", map[string]any{"k2": 2}, []string{"custom_fields/k1 conflict"}},
		"by its label": {map[string]any{"source key": 1}, "k1", map[string]any{}, []string{"custom_fields/source key conflict"}},
		"no key":       {map[string]any{"": 1, "k1": 1}, "", map[string]any{"": 1, "k1": 1}, nil},
		"nothing":      {nil, "k1", nil, nil},
	} {
		var r reports
		if diff := cmp.Diff(tt.want, Unreserved(tt.custom, all, tt.key, r.warn)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		r.expect(t, name, tt.report...)
	}
	if got := DefinedKey("tier", all) + DefinedKey("other", all); got != "k2other" {
		t.Errorf("DefinedKey = %q", got)
	}
}

func TestForemost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ list, want string }{{"abc", "abc"}, {"abP", "Pab"}, {"aPbP", "PabP"}, {"", ""}} {
		if got := string(Foremost([]rune(tt.list), func(r rune) bool { return r == 'P' })); got != tt.want {
			t.Errorf("Foremost(%q) = %q, want %q", tt.list, got, tt.want)
		}
	}
}
