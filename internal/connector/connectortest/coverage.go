package connectortest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// sent is what came of one contact.
type sent struct {
	lines    []line
	wire     wire
	warnings []contact.Warning
	err      error
}

// told says whether a part of the input is reported: by its own path, or one
// above or below it.
func (s sent) told(path string) bool {
	about := func(other string) bool {
		return other == path || strings.HasPrefix(other, path+"/") || strings.HasPrefix(path, other+"/")
	}
	f := fault.From(s.err)
	return f != nil && f.Kind == fault.Invalid && slices.ContainsFunc(f.Fields, about) ||
		slices.ContainsFunc(s.warnings, func(w contact.Warning) bool { return about(w.Field) })
}

// coverage sets each field in turn: one that is accepted reaches the CRM, one
// that is not changes nothing and is reported.
func coverage(t testing.TB, b *bench) {
	t.Helper()
	base := b.create(t, b.least)
	if base.err != nil {
		t.Fatalf("the required fields alone: %v", base.err)
	}
	for _, f := range contact.Writable() {
		only, _ := marked(f, b.example)
		got := b.create(t, over(b.least, only))
		switch {
		case !slices.Contains(b.spec.Fields.Accepts, f):
			uncovered(t, f, base, got)
		case !b.reaches(t, b.least, f) && !b.reaches(t, contact.Input{Contact: b.example}, f):
			t.Errorf("%s is accepted, but does not reach the CRM: %v, warnings %v", f, got.err, got.warnings)
		}
	}
}

// reaches says whether a field reaches the CRM in the company of others: some
// CRMs hold one thing only beside another.
func (b *bench) reaches(t testing.TB, others contact.Input, f contact.Field) bool {
	t.Helper()
	only, marks := marked(f, b.example)
	without := others
	without.Contact = set(without.Contact, f, contact.Contact{})
	news := b.create(t, over(others, only)).wire
	if !slices.Contains(b.spec.Fields.Requires, f) {
		news = news.without(b.create(t, without).wire)
	}
	return slices.ContainsFunc(marks, func(m mark) bool { return m.on(news) })
}

// uncovered demands of a field which is not accepted that it changes nothing.
func uncovered(t testing.TB, f contact.Field, base, got sent) {
	t.Helper()
	if len(got.wire) != len(base.wire) || len(got.wire.without(base.wire)) > 0 {
		t.Errorf("%s is not accepted, but reaches the CRM: %v", f, got.wire.without(base.wire))
	}
	if !slices.ContainsFunc(got.warnings, func(w contact.Warning) bool { return w.Field == string(f) && w.Code == "unsupported" }) {
		t.Errorf("%s is not accepted, and nobody is told: %v", f, got.warnings)
	}
}

// silence sends more than any CRM holds: each part of it reaches the CRM or is
// reported under its path.
func silence(t testing.TB, b *bench) {
	t.Helper()
	lists, marks := crowd()
	check := func(what string, in contact.Input, marks []mark) {
		got := b.create(t, in)
		if !slices.ContainsFunc(got.lines, func(l line) bool { return l.op == connector.OpCreate }) {
			t.Errorf("%s: the contact did not leave: %v", what, got.err)
		}
		for _, m := range marks {
			if !m.on(got.wire) && !got.told(m.path) {
				t.Errorf("%s: %s is lost in silence: %v, warnings %v", what, m.path, got.err, got.warnings)
			}
		}
	}
	check("lists", over(b.least, lists), marks)
	places, marks := abroad(b.example.Addresses[0])
	check("addresses", over(b.least, places), marks)
	for _, f := range []contact.Field{contact.Tags, contact.Title, contact.Description} {
		only, marks := marked(f, b.example)
		check(string(f), over(b.least, only), marks)
	}
	customSilence(t, "create", b.example.CustomFields, func(c contact.Contact) sent { return b.create(t, over(b.least, c)) })
	check("references by name", over(b.least, contact.Contact{
		Account: &contact.Reference{Name: "Zebra Works"}, Owner: &contact.Reference{Name: "Yak Minder"},
		Tags: []contact.Tag{{Name: "Okapifreund"}}, CustomFields: map[string]any{"okapi_height": "Okapihals"},
	}), []mark{
		text("account", "Zebra Works"), text("owner", "Yak Minder"), text("tags/0", "Okapifreund"),
		text("custom_fields/okapi_height", "Okapihals"),
	})
}

// customSilence takes out one custom field after the other, whose name may
// become an id and whose value another: each makes a difference or is reported.
func customSilence(t testing.TB, what string, custom map[string]any, write func(contact.Contact) sent) {
	t.Helper()
	all := write(contact.Contact{CustomFields: custom})
	for name := range custom {
		others := maps.Clone(custom)
		delete(others, name)
		less := write(contact.Contact{CustomFields: others})
		if len(all.wire) == len(less.wire) && len(all.wire.without(less.wire)) == 0 && !all.told(entryOf(contact.CustomFields, name)) {
			t.Errorf("%s: custom_fields/%s is lost in silence: %v, warnings %v", what, name, all.err, all.warnings)
		}
	}
}

// foundBy is by what a record is found that is to be updated: it is there.
const foundBy = "email_addresses/0"

// updates set each field beside the required ones: it reaches the CRM or is
// reported, and nothing is sent that would empty another field. An address is
// written as a whole.
func updates(t testing.TB, b *bench) {
	t.Helper()
	if b.spec.Update == nil {
		return
	}
	write := func(c contact.Contact) sent { return b.update(t, over(b.least, c)) }
	customSilence(t, "update", b.example.CustomFields, write)
	example := b.example
	example.Tags = []contact.Tag{{Name: "Okapifreund"}} // which the record has not yet
	for _, f := range b.spec.Fields.Accepts {
		if f == contact.CustomFields {
			continue
		}
		only, marks := marked(f, example)
		got := write(only)
		for _, m := range marks {
			if !m.on(got.wire) && !got.told(m.path) && m.path != foundBy {
				t.Errorf("update: %s is lost in silence: %v, warnings %v", m.path, got.err, got.warnings)
			}
		}
		for _, l := range got.lines {
			if f != contact.Addresses && l.op == connector.OpUpdate && len(l.request.Body) > 0 && hollow(tree(l.request.Body)) {
				t.Errorf("update of %s empties other fields: %s", f, l.request.Body)
			}
		}
	}
}

// hollow says whether a body holds an empty text, an empty list or null.
func hollow(v any) bool {
	switch node := v.(type) {
	case string:
		return node == ""
	case json.Number, bool:
		return false
	case []any:
		return len(node) == 0 || slices.ContainsFunc(node, hollow)
	case map[string]any:
		for _, value := range node {
			if hollow(value) {
				return true
			}
		}
		return false
	default:
		return true
	}
}
