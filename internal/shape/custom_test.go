package shape

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func definitions() []Definition {
	return []Definition{
		{Key: "cf_1", Label: "Lead origin", Kind: KindText}, {Key: "cf_2", Label: "Score", Kind: KindNumber},
		{Key: "cf_3", Label: "cf_1"},
		{Key: "cf_4", Label: "Tier", Kind: KindChoice, Options: []Option{{Value: "gold", Label: "Gold level"}, {Value: "a;b"}}},
	}
}

func TestDefined(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"cf_1": "cf_1", "lead  ORIGIN": "cf_1", "Score": "cf_2", "CF_2": "", "": "", "nothing": "",
	} {
		if d, ok := Defined(name, definitions()); d.Key != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", name, d.Key, ok, want)
		}
	}
}

func TestValueOfKind(t *testing.T) {
	t.Parallel()
	tier := definitions()[3]
	tests := []struct {
		kind  Kind
		value any
		want  string
	}{
		{"", json.Number("7"), `7`},
		{"", map[string]any{"line1": "x"}, `{"line1":"x"}`},
		{KindText, json.Number("7"), `"7"`},
		{KindText, []any{"a", "b"}, `"a;b"`},
		{KindNumber, "7.5", `7.5`},
		{KindNumber, "many", `"many"`},
		{KindBoolean, "Yes", `true`},
		{KindBoolean, "perhaps", `"perhaps"`},
		{KindDay, "2026-11-23T23:30:00.5-08:00", `"2026-11-23"`},
		{KindDay, "2026-11-23", `"2026-11-23"`},
		{KindDay, json.Number("7"), `7`},
		{KindInstant, "2026-11-23T09:30:17.803Z", `"2026-11-23T09:30:17+00:00"`},
		{KindInstant, "2026-11-23T09:30:17+05:30", `"2026-11-23T09:30:17+05:30"`},
		{KindInstant, "2026-11-23", `"2026-11-23T00:00:00+00:00"`},
		{KindInstant, "soon", `"soon"`},
		{KindURL, "example.com/x", `"https://example.com/x"`},
		{KindChoice, "GOLD", `"gold"`},
		{KindChoice, "gold level", `"gold"`},
		{KindChoice, "Tin", `"Tin"`},
		{KindChoices, "Gold level; Tin", `["gold","Tin"]`},
		{KindChoices, "a;b", `["a;b"]`},
		{KindChoices, []any{"Gold", json.Number("7")}, `["gold","7"]`},
		{KindChoices, json.Number("7"), `["7"]`},
		{KindRecord, json.Number("5725767000007910001"), `{"id":"5725767000007910001"}`},
		{KindRecord, map[string]any{"id": "7"}, `{"id":"7"}`},
	}
	for _, tt := range tests {
		got, err := json.Marshal(Definition{Kind: tt.kind, Options: tier.Options}.Value(tt.value))
		if string(got) != tt.want || err != nil {
			t.Errorf("%s of %v: %s, %v; want %s", tt.kind, tt.value, got, err, tt.want)
		}
	}
}

func TestCustomValues(t *testing.T) {
	t.Parallel()
	custom := map[string]any{"Lead origin": "Expo", "Score": "7", "Nothing": "x", "x-9": "y", "cf_2": "8"}
	idLike := func(name string) bool { return name == "x-9" }
	tests := []struct {
		name string
		all  []Definition
		asIs func(string) bool
		want map[string]any
		told []string
	}{
		{"as they are", definitions(), nil, map[string]any{"cf_1": "Expo", "cf_2": json.Number("7"), "Nothing": "x", "x-9": "y"},
			[]string{"custom_fields/Nothing unresolved", "custom_fields/cf_2 conflict", "custom_fields/x-9 unresolved"}},
		{"ids alone", definitions(), idLike, map[string]any{"cf_1": "Expo", "cf_2": json.Number("7"), "x-9": "y"},
			[]string{"custom_fields/Nothing unresolved", "custom_fields/cf_2 conflict", "custom_fields/x-9 unresolved"}},
		{"no definitions", nil, nil, custom, nil},
		{"no definitions, ids alone", nil, idLike, map[string]any{"x-9": "y"},
			[]string{"custom_fields/Lead origin unresolved", "custom_fields/Nothing unresolved", "custom_fields/Score unresolved", "custom_fields/cf_2 unresolved"}},
	}
	for _, tt := range tests {
		var told []string
		got := CustomValues(custom, tt.all, tt.asIs, func(path, code, _ string) { told = append(told, path+" "+code) })
		// "Score" sorts before "cf_2", and so wins.
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.told, told); diff != "" {
			t.Errorf("%s, reports (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSentValues(t *testing.T) {
	t.Parallel()
	sent := map[string]any{"Lead origin": "x", "Score": "x", "other": "x", "Tier": "x"}
	got := SentValues(map[string]any{"cf_1": "Expo", "cf_2": nil, "other": 7, "more": 8}, sent, definitions())
	if diff := cmp.Diff(map[string]any{"Lead origin": "Expo", "other": 7}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := SentValues(nil, sent, definitions()); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}
