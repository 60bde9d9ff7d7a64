package connectortest

import (
	"strings"
	"testing"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/shape"
	"crmferry/internal/transport"
)

func TestMatrixFindsDifferences(t *testing.T) {
	t.Parallel()
	why := func(cell string) []Waiver { return []Waiver{{"salesflare", cell, "so it is", "https://acme.example"}} }
	tests := []struct {
		name   string
		spoil  func(*connector.Spec)
		waived []Waiver
		want   []string
	}{
		{"as promised", func(*connector.Spec) {}, nil, nil},
		{"lacks a field", func(s *connector.Spec) { s.Fields.Accepts = s.Fields.Accepts[:3] }, nil, []string{"request/email_addresses is promised"}},
		{"does not require a field", func(s *connector.Spec) { s.Fields.Requires = s.Fields.Requires[:2] }, nil, []string{"request/email_addresses is promised"}},
		{"gives nothing back", func(s *connector.Spec) { s.Fields.Returns = nil }, nil, []string{"response/id is promised"}},
		{"a waiver without a note", func(s *connector.Spec) { s.Fields.Accepts = s.Fields.Accepts[:3] }, why("request/email_addresses"), []string{"no note"}},
		{"a waiver with a note", func(s *connector.Spec) {
			s.Fields.Accepts = s.Fields.Accepts[:3]
			s.Fields.Notes = map[contact.Field]string{contact.EmailAddresses: "Acme has none"}
		}, why("request/email_addresses"), nil},
		{"a stale waiver", func(*connector.Spec) {}, why("request/email_addresses"), []string{"stale: it is supported"}},
		{"a waiver of nothing", func(*connector.Spec) {}, why("response/etag"), []string{"no such difference"}},
		{"requires more", func(s *connector.Spec) { s.Fields.Requires = append(s.Fields.Requires, contact.Title) }, nil, []string{"title is required"}},
		{"may require more", func(s *connector.Spec) { s.Fields.Requires = append(s.Fields.Requires, contact.Title) }, why("requires/title"), nil},
		{"is not in it", func(s *connector.Spec) { s.ID, s.Fields.Requires = "acme", nil }, nil, []string{"no cell of acme"}},
	}
	for _, tt := range tests {
		s, r := inTheMatrix(acme()), &recorder{TB: t}
		tt.spoil(s)
		matrix(r, s, tt.waived)
		r.expect(t, tt.name, tt.want...)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	s := inTheMatrix(acme())
	s.Fields.Returns = s.Fields.Returns[1:] // no id
	n, err := Count([]*connector.Spec{s})
	want := Counts{Request: 3, Response: 1, Supported: 3, Waived: 1, BeyondRequest: 3, BeyondResponse: 5}
	if err != nil || n != want {
		t.Errorf("%+v, %v; want %+v", n, err, want)
	}
}

func TestNamesOfTheMatrix(t *testing.T) {
	t.Parallel()
	all, err := readSeed()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		crm, cell string
		field     contact.Field
		required  bool
	}{
		{"wix", "request/phone_number", contact.PhoneNumbers, true},
		{"pipeliner", "request/phone_numbesr", contact.PhoneNumbers, false},
		{"onepagecrm", "request/job_title", contact.Title, false},
		{"highlevel", "query/workspace.id", "workspace.id", true},
		{"hubspot", "response/etag", "", false},
	} {
		var found cell
		for _, c := range all.cells(tt.crm) {
			if c.String() == tt.cell {
				found = c
			}
		}
		if found.field() != tt.field || found.required != tt.required {
			t.Errorf("%s of %s is %s, required %v", tt.cell, tt.crm, found.field(), found.required)
		}
	}
}

func TestWaiversHaveReasons(t *testing.T) {
	t.Parallel()
	good := Waiver{"acme", "request/title", "Acme has none", "https://acme.example"}
	for name, tt := range map[string]struct {
		list []Waiver
		want []string
	}{
		"good":      {[]Waiver{good}, nil},
		"twice":     {[]Waiver{good, good}, []string{"twice"}},
		"no CRM":    {[]Waiver{{"nobody", "request/title", "so", "https://acme.example"}}, []string{"nobody"}},
		"no reason": {[]Waiver{{"acme", "request/title", "", "https://acme.example"}}, []string{"no reason"}},
		"no source": {[]Waiver{{"acme", "request/title", "so", "a friend"}}, []string{"no source"}},
	} {
		r := &recorder{TB: t}
		soundWaivers(r, tt.list, []*connector.Spec{acme()})
		r.expect(t, name, tt.want...)
	}
}

func TestHostsKeepCredentialsHome(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		format, example string
		clean           func(string) string
		safe            bool
	}{
		"strict":           {`^https://([a-z0-9-]+\.)+salesforce\.com$`, "https://acme.my.salesforce.com", shape.Origin, true},
		"a label":          {`^[a-z0-9-]+$`, "acme", nil, true},
		"a host and path":  {`^[a-z0-9-]+\.myfreshworks\.com/crm/sales$`, "acme.myfreshworks.com/crm/sales", nil, true},
		"any host":         {`^https://.+$`, "https://acme.my.salesforce.com", nil, false},
		"a suffix":         {`^https://.*salesforce\.com$`, "https://acme.my.salesforce.com", nil, false},
		"an open end":      {`^https://[a-z.]+\.salesforce\.com.*$`, "https://acme.my.salesforce.com", nil, false},
		"dots that match":  {`^https://[a-z]+.my.salesforce.com$`, "https://acme.my.salesforce.com", nil, true},
		"a label with all": {`^.+$`, "acme", nil, false},
		"plain http":       {`^https?://([a-z0-9-]+\.)+salesforce\.com$`, "https://acme.my.salesforce.com", nil, false},
	} {
		s, r := acme(), &recorder{TB: t}
		s.Settings = []connector.Setting{{Key: "host", Host: true, Format: tt.format, Example: tt.example, Clean: tt.clean}}
		hosts(r, s)
		if (len(r.failures) == 0) != tt.safe {
			t.Errorf("%s: %q", name, r.failures)
		}
	}
}

func TestAddressesStayHome(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]string{
		"https://api.acme.example/people?x=//":           nil,
		"https://api.acme.example.evil.example/people":   {"no place below"},
		"https://evil.example/?https://api.acme.example": {"no place below"},
		"https://api.acme.example/people//notes":         {"no place below"},
	} {
		r := &recorder{TB: t}
		addresses(r, "https://api.acme.example", []line{{op: "create", request: transport.Request{URL: address}}})
		r.expect(t, address, want...)
	}
}

func TestRoundTripFindsLosses(t *testing.T) {
	t.Parallel()
	at := At()
	conversations := []Conversation{
		{Op: connector.OpCreate, Want: Want{Contact: &contact.Contact{ID: "1", Name: "Ada"}}},
		{Op: connector.OpFind, Want: Want{Contacts: &[]contact.Contact{{ID: "1", ETag: "7", LastActivityAt: &at}}}},
		{Op: "batch", Want: Want{Results: []Want{{Contact: &contact.Contact{ID: "1", Title: "Analyst"}}}}},
	}
	why := func(cell string) []Waiver { return []Waiver{{"acme", cell, "so it is", "https://acme.example"}} }
	tests := []struct {
		name    string
		returns []contact.Field
		waived  []Waiver
		want    []string
	}{
		{"all", []contact.Field{contact.ID, contact.Name, contact.LastActivityAt}, nil, nil},
		{"only a find", []contact.Field{contact.ETag}, nil, []string{"no create gives it back"}},
		{"only a find, waived", []contact.Field{contact.ETag}, why("unread/etag"), nil},
		{"only a batch", []contact.Field{contact.Title}, why("unread/title"), nil},
		{"nowhere", []contact.Field{contact.UpdatedAt}, why("unread/updated_at"), []string{"no conversation gives it back"}},
		{"stale", []contact.Field{contact.Name}, why("unread/name"), []string{"stale"}},
		{"not promised", nil, why("unread/name"), []string{"not promised"}},
	}
	for _, tt := range tests {
		r := &recorder{TB: t}
		roundTrip(r, &connector.Spec{ID: "acme", Fields: connector.Fields{Returns: tt.returns}}, conversations, tt.waived)
		r.expect(t, tt.name, tt.want...)
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	w := read([]line{{request: transport.Request{
		URL:  "https://acme.example/people/a%2Bb%40example.com?Filter=Name%20is%20Ada&x=2",
		Body: []byte(`{"columns":"{\"phone\":{\"number\":\"(020) 7946-1234\"}}","country":"GBR","n":42,"on":true}`),
	}}})
	for name, found := range map[string]bool{
		"segment": w.has("a+b@example.com"), "query": w.has("name is ada"), "key": w.word("filter"), "number": w.word("42"), "boolean": w.word("true"),
		"inner key": w.word("number"), "phone": w.phone("+442079461234"), "country": w.country("United Kingdom"), "code": w.country("GB"),
	} {
		if !found {
			t.Errorf("%s is not found in %q", name, w)
		}
	}
	if w.has("grace") || w.word("4") || w.phone("+442079461235") || w.country("FR") || w.word("") {
		t.Errorf("something is found that is not in %q", w)
	}
	if rest := w.without(w[:3]); len(rest) != len(w)-3 {
		t.Errorf("%q without three is %q", w, rest)
	}
}

func TestHollow(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"a":"x","b":[1,true,{"c":"d"}]}`: false, `{"a":""}`: true, `{"a":null}`: true, `{"a":[{"b":null}]}`: true, `{}`: false, `{"a":[]}`: true,
	} {
		if hollow(tree([]byte(body))) != want {
			t.Errorf("%s: %v", body, !want)
		}
	}
}

func TestMutants(t *testing.T) {
	t.Parallel()
	var texts []string
	mutants([]byte(`{"a":{"b":[1]}}`), func(body func() []byte) { texts = append(texts, string(body())) })
	all := strings.Join(texts, "\n") + "\n"
	for _, want := range []string{"{\"a\":\n", `{"a":null}`, `{}`, `{"a":{"b":null}}`, `{"a":{"b":[{}]}}`} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in %q", want, texts)
		}
	}
}
