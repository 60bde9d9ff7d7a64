package affinity

import (
	"encoding/json"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

func TestStored(t *testing.T) {
	t.Parallel()
	home := place(contact.Address{Street1: "12 St James's Square", City: "London", Country: "GB"})
	tests := []struct {
		name   string
		entry  entry
		answer string
		want   bool
	}{
		{"nothing", entry{field: field{ID: 1}, value: "x"}, `[]`, false},
		{"text", entry{field: field{ID: 1, Type: 6}, value: "x"}, `[{"field_id":1,"value":"y"},{"field_id":1,"value":"x"}]`, true},
		{"another field's", entry{field: field{ID: 1, Type: 6}, value: "x"}, `[{"field_id":2,"value":"x"}]`, false},
		{"number", entry{field: field{ID: 1, Type: number}, value: json.Number("7")}, `[{"field_id":1,"value":7}]`, true},
		{"day", entry{field: field{ID: 1, Type: date}, value: "2026-11-23T09:30:00Z"}, `[{"field_id":1,"value":"2026-11-23T00:00:00.000-08:00"}]`, true},
		{"another day", entry{field: field{ID: 1, Type: date}, value: "2026-11-24"}, `[{"field_id":1,"value":"2026-11-23T00:00:00.000-08:00"}]`, false},
		{"option", entry{field: field{ID: 1, Type: rankedDropdown}, value: int64(81)}, `[{"field_id":1,"value":{"id":81,"text":"Gold","rank":1}}]`, true},
		{"place", entry{field: field{ID: 1, Type: location}, value: home},
			`[{"field_id":1,"value":{"street_address":"12 St James's Square","city":"London","state":null,"country":"United Kingdom","continent":"Europe"}}]`, true},
		{"another place", entry{field: field{ID: 1, Type: location}, value: home},
			`[{"field_id":1,"value":{"street_address":"12 St James's Square","city":"Paris","state":null,"country":"United Kingdom","continent":"Europe"}}]`, false},
	}
	for _, tt := range tests {
		got, err := tt.entry.stored(connector.Reply{Body: []byte(tt.answer)})
		if got != tt.want || err != nil {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	if _, err := (entry{}).stored(connector.Reply{Body: []byte(`{`)}); err == nil {
		t.Error("rubbish was read")
	}
}

func TestValueOfType(t *testing.T) {
	t.Parallel()
	tier := field{Type: rankedDropdown}
	if err := json.Unmarshal([]byte(`[{"id":81,"text":"Gold"}]`), &tier.Options); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		field field
		value any
		want  string
	}{
		{"text", field{Type: 6}, json.Number("7"), `"7"`},
		{"number as text", field{Type: number}, "7.5", `7.5`},
		{"no number", field{Type: number}, "NaN", `"NaN"`},
		{"organization", field{Type: toOrganization}, "1687449", `1687449`},
		{"option by text", tier, "gold", `81`},
		{"option by id", tier, json.Number("81"), `81`},
		{"place as text", field{Type: location}, "Dorset Street", `{"city":null,"country":null,"state":null,"street_address":"Dorset Street"}`},
		{"place", field{Type: location}, map[string]any{"city": "London"}, `{"city":"London"}`},
	}
	for _, tt := range tests {
		got, err := json.Marshal(tt.field.value(tt.value))
		if string(got) != tt.want || err != nil {
			t.Errorf("%s: %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestTaken(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]bool{
		"An email address in emails is already in use by another person.": true,
		"Email has already been taken":                                    true,
		"Invalid email address in emails.":                                false,
		"Missing emails.":                                                 false,
		"organization_id: 1404 does not exist":                            false,
		"":                                                                false,
	} {
		if got := taken(message); got != want {
			t.Errorf("taken(%q) = %v", message, got)
		}
	}
}
