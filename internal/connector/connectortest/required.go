package connectortest

import (
	"encoding/json"
	"slices"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
)

// required leaves out each required field, and gives it in every form that
// says nothing: it is missed before anything is sent.
func required(t testing.TB, b *bench) {
	t.Helper()
	if missing := b.spec.Missing(contact.Normalize(b.least), nil); len(missing) > 0 {
		t.Errorf("%v are missing from a contact with all required fields", missing)
	}
	for _, f := range b.spec.Fields.Requires {
		for _, nothing := range []string{"", `""`, `" "`, `null`, `[]`, `{}`} {
			in, ok := lacking(t, b.least, f, nothing)
			if ok && !slices.Contains(b.spec.Missing(in, nil), f) {
				t.Errorf("%s as %q is not missed", f, nothing)
			}
		}
		if setting := b.spec.Fields.Defaults[f]; setting != "" {
			in, _ := lacking(t, b.least, f, "")
			if missing := b.spec.Missing(in, connector.Settings{setting: "x"}); slices.Contains(missing, f) {
				t.Errorf("%s is missed in spite of the setting %s", f, setting)
			}
		}
	}
}

// lacking is a contact as it is posted without a field, or with it as nothing;
// false where the decoder refuses that form.
func lacking(t testing.TB, in contact.Input, f contact.Field, nothing string) (contact.Input, bool) {
	t.Helper()
	raw, err := json.Marshal(contact.Normalize(in))
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	delete(body, string(f))
	for _, name := range namesThatMake(f) {
		delete(body, string(name))
	}
	if nothing != "" {
		body[string(f)] = json.RawMessage(nothing)
	}
	if raw, err = json.Marshal(body); err != nil {
		t.Fatal(err)
	}
	out, err := input(raw)
	return out, err == nil
}

// namesThatMake lists the names from which a missing one would be made.
func namesThatMake(f contact.Field) []contact.Field {
	switch f {
	case contact.FirstName, contact.LastName:
		return []contact.Field{contact.Name}
	case contact.Name:
		return []contact.Field{contact.FirstName, contact.LastName}
	default:
		return nil
	}
}
