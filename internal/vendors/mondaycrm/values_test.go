package mondaycrm

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

func TestCustomValueByType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind  string
		value any
		want  string
	}{
		{"text", json.Number("7"), `"7"`},
		{"numbers", json.Number("4.2"), `"4.2"`},
		{"long_text", "x", `{"text":"x"}`},
		{"status", "Done", `{"label":"Done"}`},
		{"status", map[string]any{"index": 1}, `{"index":1}`},
		{"dropdown", []any{"A", "B"}, `{"labels":["A","B"]}`},
		{"date", "2026-11-20", `{"date":"2026-11-20"}`},
		{"date", "2026-11-20T11:30:00+01:00", `{"date":"2026-11-20","time":"10:30:00"}`},
		{"checkbox", true, `{"checked":"true"}`},
		{"email", "a@x.example", `{"email":"a@x.example","text":"a@x.example"}`},
		{"phone", "+14155550101", `{"countryShortName":"US","phone":"+14155550101"}`},
		{"phone", "12345", `null`},
		{"link", "x.example", `{"text":"x.example","url":"https://x.example"}`},
		{"country", "us", `{"countryCode":"US","countryName":"United States"}`},
		{"country", "Atlantis", `"Atlantis"`},
		{"people", json.Number("4616627"), `{"personsAndTeams":[{"id":4616627,"kind":"person"}]}`},
		{"tags", []any{"12", "x"}, `{"tag_ids":[12,"x"]}`},
		{"board_relation", json.Number("9876543210"), `{"item_ids":["9876543210"]}`},
		{"rating", json.Number("4"), `{"rating":4}`},
		{"world_clock", "Europe/London", `{"timezone":"Europe/London"}`},
		{"vote", "x", `"x"`},
	}
	for _, tt := range tests {
		s := sheet{call: &connector.Call{}, layout: &layout{}}
		raw, err := json.Marshal(s.value(column{ID: "c", Type: tt.kind}, tt.value, "custom_fields/c"))
		if string(raw) != tt.want || err != nil {
			t.Errorf("%s %v: %s, %v; want %s", tt.kind, tt.value, raw, err, tt.want)
		}
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	col := func(kind, title string) column { return column{ID: kind + "/" + title, Title: title, Type: kind} }
	all := []column{
		col("name", "Name"), col("email", "Work e-mail"), col("text", "Role"), col("text", "Title"), col("text", "Email title"),
		col("board_relation", "Deals"), col("board_relation", "My Companies"), col("people", "Editor"), col("people", "Deal owner"),
		col("long_text", "Address"), col("long_text", "Anything"), col("long_text", "Comments"), col("dropdown", "Tags"), col("text", "Country"),
		{ID: "gone", Title: "Notes", Type: "long_text", Archived: true},
	}
	l := layoutOf(all)
	got := map[string]string{
		"title": l.title.Title, "account": l.account.Title, "owner": l.owner.Title, "address": l.address.Title,
		"description": l.description.Title, "tags": l.tags.Title, "country": l.country.Title, "first": l.first.Title,
	}
	want := map[string]string{
		"title": "Title", "account": "My Companies", "owner": "Deal owner", "address": "Address",
		"description": "Comments", "tags": "Tags", "country": "Country", "first": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"text/Role": "text/Role", "role": "text/Role", "unknown": "unknown"} {
		if col := l.custom(name); col.ID != want {
			t.Errorf("custom(%q) = %q, want %q", name, col.ID, want)
		}
	}
}

func TestDropdownTags(t *testing.T) {
	t.Parallel()
	c := &connector.Call{Input: contact.Input{Contact: contact.Contact{Name: "Ada", Tags: []contact.Tag{{Name: "VIP"}, {ID: "7"}}}}}
	c.SetPrepared(columns, "", layoutOf([]column{{ID: "d", Title: "Tags", Type: "dropdown"}}))
	s, err := fill(c, c.Warn)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"d": map[string]any{"labels": []string{"VIP"}}}, s.values); diff != "" {
		t.Error(diff)
	}
	if w := c.Warnings(); len(w) != 1 || w[0].Field != "tags/1" || namedTags(c) != nil {
		t.Errorf("warnings %v, names %v", w, namedTags(c))
	}
}

func TestAlias(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path []string
		want int
	}{{[]string{"c1", "id"}, 1}, {[]string{"c9"}, -1}, {[]string{"x"}, -1}, {[]string{"create_item"}, -1}, {nil, -1}} {
		if got := alias(tt.path, 3); got != tt.want {
			t.Errorf("alias(%v) = %d, want %d", tt.path, got, tt.want)
		}
	}
}
