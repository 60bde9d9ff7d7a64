package contact_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func full() contact.Contact {
	created := time.Date(2026, 1, 31, 1, 30, 0, 0, time.FixedZone("", 2*60*60))
	return contact.Contact{
		ID: "7", FirstName: "Ada", LastName: "Lovelace", Name: "Ada Lovelace", Title: "R&D",
		EmailAddresses: []contact.Email{{Email: "Ada@Example.com", Type: "work"}},
		PhoneNumbers:   []contact.Phone{{Number: "020 7946 0018 x5"}, {Number: "12"}, {Number: "+1 201 555 0123", Type: "mobile"}},
		Addresses:      []contact.Address{{City: "Atlantis", Country: "Atlantis"}, {City: "London", Country: "England"}, {Country: "France"}},
		Account:        &contact.Reference{ID: "9"}, Owner: &contact.Reference{},
		CustomFields: map[string]any{"b": json.Number("9007199254740993"), "a": "x"},
		CreatedAt:    &created, ETag: "e",
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	const head = `{"id":"7","first_name":"Ada","last_name":"Lovelace","name":"Ada Lovelace","title":"R&D",`
	const unified = head +
		`"email_addresses":[{"email":"Ada@Example.com","type":"work"}],` +
		`"phone_numbers":[{"number":"020 7946 0018 x5"},{"number":"12"},{"number":"+1 201 555 0123","type":"mobile"}],` +
		`"addresses":[{"city":"Atlantis","country":"Atlantis"},{"city":"London","country":"England"},{"country":"France"}],` +
		`"account":{"id":"9"},"custom_fields":{"a":"x","b":9007199254740993},"created_at":"2026-01-30T23:30:00Z","etag":"e"`
	const normalized = head + `"description":null,` +
		`"email_addresses":[{"email":"ada@example.com","type":"work"}],` +
		`"phone_numbers":[{"number":"+442079460018","extension":"5"},{"number":"12"},{"number":"+12015550123","type":"mobile"}],` +
		`"addresses":[{"city":"Atlantis","country":"Atlantis"},{"city":"London","country":"GB"},{"country":"FR"}],"urls":null,` +
		`"account":{"id":"9"},"owner":null,"tags":null,"custom_fields":{"a":"x","b":9007199254740993},` +
		`"created_at":"2026-01-30T23:30:00Z","updated_at":null,"last_activity_at":null,"etag":"e"}`
	for name, test := range map[string]struct {
		contact contact.Contact
		format  contact.Format
		remote  json.RawMessage
		exclude []string
		want    string
	}{
		"unified": {full(), contact.Unified, nil, nil, unified + "}"},
		"unified with remote": {
			full(), contact.Unified, json.RawMessage(`{"x": "<&>", "n": 1.0}`), nil,
			unified + `,"remote_data":{"x":"<&>","n":1.0}}`,
		},
		"remote that is no JSON": {
			full(), contact.Unified, json.RawMessage("<b>no\xff</b>"), nil,
			unified + `,"remote_data":"<b>no` + "\uFFFD" + `</b>"}`,
		},
		"JSON that is no UTF-8": {
			contact.Contact{}, contact.Unified, json.RawMessage("\"\xff\""), nil,
			`{"remote_data":"\"` + "\uFFFD" + `\""}`,
		},
		"normalized": {full(), contact.Normalized, json.RawMessage(`{}`), nil, normalized},
		"nothing":    {contact.Contact{}, contact.Unified, nil, nil, `{}`},
		"exclusions": {
			full(), contact.Unified, json.RawMessage(`{}`),
			[]string{
				"id", "email_addresses", "phone_numbers", "addresses", "custom_fields", "remote_data", "created_at", "etag", "nonsense", "first_name",
			},
			`{"last_name":"Lovelace","name":"Ada Lovelace","title":"R&D","account":{"id":"9"}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, _ := json.Marshal(test.contact)
			got, err := contact.Render(test.contact, test.format, test.remote, test.exclude)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if after, _ := json.Marshal(test.contact); string(after) != string(before) {
				t.Error("the contact has been changed")
			}
		})
	}
}

func TestRenderKeepsTheOrderOfReadable(t *testing.T) {
	t.Parallel()
	got, err := contact.Render(contact.Contact{}, contact.Normalized, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i, f := range contact.Readable() {
		want.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + `"` + string(f) + `":null`)
	}
	want.WriteString("}")
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Every field that a contact can hold must reach both formats, and hold there
// what encoding/json makes of the type itself.
func TestRenderKnowsEveryField(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	c := full()
	c.Description, c.Owner = "d", &contact.Reference{ID: "1"}
	c.URLs, c.Tags = []contact.URL{{URL: "example.com"}}, []contact.Tag{{Name: "vip"}}
	c.CreatedAt, c.UpdatedAt, c.LastActivityAt = &now, &now, &now
	got, err := contact.Render(c, contact.Unified, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	encoder := json.NewEncoder(&want)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(want.String()), string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRenderErrors(t *testing.T) {
	t.Parallel()
	for _, f := range []contact.Format{contact.Raw, contact.Stream, "", "xml"} {
		if _, err := contact.Render(full(), f, nil, nil); err == nil {
			t.Errorf("%q: no error", f)
		}
	}
	for _, bad := range []any{math.NaN(), json.Number("hunter2"), make(chan int)} {
		c := contact.Contact{CustomFields: map[string]any{"a": bad}}
		_, err := contact.Render(c, contact.Unified, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "custom_fields") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%T: error is %v", bad, err)
		}
	}
}
