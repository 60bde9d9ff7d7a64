package contact_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func TestFieldsAreThoseOfTheContact(t *testing.T) {
	t.Parallel()
	var tags []contact.Field
	for _, f := range reflect.VisibleFields(reflect.TypeFor[contact.Contact]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		tags = append(tags, contact.Field(name))
	}
	if diff := cmp.Diff(tags, contact.Readable()); diff != "" {
		t.Errorf("(-json tags +Readable)\n%s", diff)
	}
}

func TestPresent(t *testing.T) {
	t.Parallel()
	if got := (contact.Contact{ID: "1", ETag: "e"}).Present(); got != nil {
		t.Errorf("present are %v, want none", got)
	}
	c := contact.Contact{
		FirstName: "a", LastName: "b", Name: "c", Title: "d", Description: "e",
		EmailAddresses: []contact.Email{{}}, PhoneNumbers: []contact.Phone{{}}, Addresses: []contact.Address{{}},
		URLs: []contact.URL{{}}, Account: &contact.Reference{}, Owner: &contact.Reference{}, Tags: []contact.Tag{{}},
		CustomFields: map[string]any{"a": 1}, CreatedAt: at("2026-01-31T00:00:00Z"),
	}
	if diff := cmp.Diff(contact.Writable(), c.Present()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestInvalidSaysWhereAndHowMany(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`x`:                        "contact: invalid document: invalid_json",
		`{"name":1}`:               "contact: invalid document: wrong_type at /name",
		`{"name":1,"title":2}`:     "contact: invalid document: wrong_type at /name and 1 more",
		`{"tags":[1,[2],{"a":1}]}`: "contact: invalid document: wrong_type at /tags/0 and 2 more",
	} {
		_, err := contact.Decode([]byte(body))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}
