package contact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func at(text string) *time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	t = t.UTC()
	return &t
}

func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	type document = contact.Document
	of := func(c contact.Contact) document { return document{Input: contact.Input{Contact: c}} }
	for name, test := range map[string]struct {
		body string
		want document
	}{
		"nothing": {`{}`, document{}},
		"absent values of every kind": {
			`{"first_name":null,"last_name":" \t","name":{},"title":[],"email_addresses":"","phone_numbers":null,
			"addresses":{},"urls":[],"account":{},"owner":"","tags":[null,""],"custom_fields":[],"created_at":"",
			"remote_data":null,"metadata":{},"client_ref":null,"id":"","etag":null}`, document{},
		},
		"texts are trimmed": {
			`{"first_name":"  Ada\n","description":"\u00a0a\tb "}`,
			of(contact.Contact{FirstName: "Ada", Description: "a\tb"}),
		},
		"a byte order mark is no fault": {"\uFEFF{\"name\":\"Ada\"}", of(contact.Contact{Name: "Ada"})},
		"escapes": {
			`{"name":"\u0041da \"\\\/ \ud83d\ude00 \u00e9","description":"a\tb\nc\rd"}`,
			of(contact.Contact{Name: "Ada \"\\/ 😀 é", Description: "a\tb\nc\rd"}),
		},
		"bare strings": {
			`{"email_addresses":["ada@example.com"],"phone_numbers":["+44 20 7946 0018"],"urls":["example.com/x"],
			"tags":["vip"],"account":"17","owner":42}`,
			of(contact.Contact{
				EmailAddresses: []contact.Email{{Email: "ada@example.com"}},
				PhoneNumbers:   []contact.Phone{{Number: "+44 20 7946 0018"}},
				URLs:           []contact.URL{{URL: "example.com/x"}},
				Tags:           []contact.Tag{{Name: "vip"}},
				Account:        &contact.Reference{ID: "17"},
				Owner:          &contact.Reference{ID: "42"},
			}),
		},
		"single entries without their list": {
			`{"email_addresses":{"email":"ada@example.com"},"phone_numbers":"0049 30 123456","urls":"https://example.com",
			"tags":{"id":7},"addresses":{"city":"London"}}`,
			of(contact.Contact{
				EmailAddresses: []contact.Email{{Email: "ada@example.com"}},
				PhoneNumbers:   []contact.Phone{{Number: "0049 30 123456"}},
				URLs:           []contact.URL{{URL: "https://example.com"}},
				Tags:           []contact.Tag{{ID: "7"}},
				Addresses:      []contact.Address{{City: "London"}},
			}),
		},
		"ids as numbers, however long": {
			`{"account":{"id":12345678901234567890},"owner":{"id":1,"name":"Ada"},"tags":[{"id":3,"name":"a"}],
			"email_addresses":[{"id":5,"email":"a@b.example"}]}`,
			of(contact.Contact{
				Account:        &contact.Reference{ID: "12345678901234567890"},
				Owner:          &contact.Reference{ID: "1", Name: "Ada"},
				Tags:           []contact.Tag{{ID: "3", Name: "a"}},
				EmailAddresses: []contact.Email{{ID: "5", Email: "a@b.example"}},
			}),
		},
		"empty entries are dropped": {
			`{"email_addresses":[{},{"email":"","type":null},"",null,{"email":"a@b.example"}],"addresses":[{"city":" "}]}`,
			of(contact.Contact{EmailAddresses: []contact.Email{{Email: "a@b.example"}}}),
		},
		"aliases": {
			`{"job_title":"Analyst","phone_number":"+1 555 010 9999"}`,
			of(contact.Contact{Title: "Analyst", PhoneNumbers: []contact.Phone{{Number: "+1 555 010 9999"}}}),
		},
		"the misspelt alias, as an object": {
			`{"phone_numbesr":{"number":"12345","type":"fax"}}`,
			of(contact.Contact{PhoneNumbers: []contact.Phone{{Number: "12345", Type: "fax"}}}),
		},
		"aliases that agree": {
			`{"title":"Analyst","job_title":" Analyst ","phone_numbers":[{"number":"12345"}],"phone_number":"12345","phone_numbesr":[]}`,
			of(contact.Contact{Title: "Analyst", PhoneNumbers: []contact.Phone{{Number: "12345"}}}),
		},
		"custom fields": {
			`{"custom_fields":{"a":"x","b":12345678901234567890,"c":true,"d":null,"e":"","f":[1,null],"g":{"h":1.50}}}`,
			of(contact.Contact{CustomFields: map[string]any{
				"a": "x", "b": json.Number("12345678901234567890"), "c": true,
				"f": []any{json.Number("1"), nil}, "g": map[string]any{"h": json.Number("1.50")},
			}}),
		},
		"custom fields in a string": {
			`{"custom_fields":"{\n  \"a\": \"foo\",\n  \"b\": 1\n}\n"}`,
			of(contact.Contact{CustomFields: map[string]any{"a": "foo", "b": json.Number("1")}}),
		},
		"an empty object in a string": {`{"custom_fields":" {} "}`, document{}},
		"remote data stays as it is": {
			`{"remote_data":{"a":null,"b":" x ","c":{},"n":9007199254740993}}`,
			document{Input: contact.Input{RemoteData: map[string]any{
				"a": nil, "b": " x ", "c": map[string]any{}, "n": json.Number("9007199254740993"),
			}}},
		},
		"a date is midnight in UTC": {
			`{"created_at":"2026-01-31"}`, of(contact.Contact{CreatedAt: at("2026-01-31T00:00:00Z")}),
		},
		"a date-time goes to UTC": {
			`{"created_at":"2026-01-31T01:30:00.5+02:00"}`, of(contact.Contact{CreatedAt: at("2026-01-30T23:30:00.5Z")}),
		},
		"metadata and client_ref": {
			`{"metadata":{"z": 1, "a": [ "x" ]},"client_ref":1007}`,
			document{Metadata: json.RawMessage(`{"z":1,"a":["x"]}`), ClientRef: "1007"},
		},
		"response-only fields are warnings": {
			`{"id":"1","updated_at":"x","name":"Ada"}`,
			document{
				Input: contact.Input{Contact: contact.Contact{Name: "Ada"}},
				Warnings: []contact.Warning{
					{Field: "id", Code: contact.CodeIgnored, Message: "is set by the CRM and was left out"},
					{Field: "updated_at", Code: contact.CodeIgnored, Message: "is set by the CRM and was left out"},
				},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := contact.Decode([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// problems returns "code pointer" of each problem, and the status.
func problems(t *testing.T, err error) (int, []string) {
	t.Helper()
	var invalid *contact.Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("error is %v, want an *Invalid", err)
	}
	var found []string
	for _, p := range invalid.Problems {
		found = append(found, p.Code+" "+p.Pointer)
		if p.Message == "" {
			t.Errorf("%s at %q has no message", p.Code, p.Pointer)
		}
	}
	return invalid.Status, found
}

func TestDecodeMalformed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, want string }{
		"empty":                      {``, "invalid_json "},
		"blank":                      {" \n", "invalid_json "},
		"not JSON":                   {`name=Ada`, "invalid_json "},
		"cut short":                  {`{"name":"Ada"`, "invalid_json "},
		"cut short in a text":        {`{"name":"Ad`, "invalid_json /name"},
		"cut short in an escape":     {`{"name":"\u00`, "invalid_json /name"},
		"a comma too many":           {`{"name":"Ada",}`, "invalid_json "},
		"a missing comma":            {`{"tags":["a" "b"]}`, "invalid_json /tags"},
		"a missing value":            {`{"tags":["a",,]}`, "invalid_json /tags/1"},
		"single quotes":              {`{'name':'Ada'}`, "invalid_json "},
		"a comment":                  {`{/*x*/}`, "invalid_json "},
		"a leading zero":             {`{"account":01}`, "invalid_json "},
		"a plus sign":                {`{"account":+1}`, "invalid_json /account"},
		"an unfinished exponent":     {`{"account":1e}`, "invalid_json /account"},
		"NaN":                        {`{"account":NaN}`, "invalid_json /account"},
		"a raw line break in a text": {"{\"name\":\"A\nb\"}", "invalid_json /name"},
		"an unknown escape":          {`{"name":"\x41"}`, "invalid_json /name"},
		"an array":                   {`[{"name":"Ada"}]`, "not_an_object "},
		"a string":                   {`"Ada"`, "not_an_object "},
		"null":                       {`null`, "not_an_object "},
		"two documents":              {`{"name":"Ada"}{"name":"Bob"}`, "trailing_data "},
		"invalid UTF-8":              {"{\"name\":\"A\xff\"}", "invalid_utf8 "},
		"invalid UTF-8 in a key":     {"{\"\xc3\":1}", "invalid_utf8 "},
		"a lone high surrogate":      {`{"name":"\ud83d"}`, "invalid_utf8 /name"},
		"a lone low surrogate":       {`{"name":"\ude00"}`, "invalid_utf8 /name"},
		"two high surrogates":        {`{"tags":["x","\ud83d\ud83d"]}`, "invalid_utf8 /tags/1"},
		"a lone surrogate in a key":  {`{"remote_data":{"\ud83d":1}}`, "invalid_utf8 /remote_data"},
		"a duplicate key":            {`{"name":"Ada","name":"Ada"}`, "duplicate_key /name"},
		"an escaped duplicate key":   {`{"name":"Ada","n\u0061me":"Bob"}`, "duplicate_key /name"},
		"a duplicate deep down":      {`{"remote_data":{"a/b":[0,{"~":1,"~":2}]}}`, "duplicate_key /remote_data/a~1b/1/~0"},
		"a duplicate among many":     {`{"remote_data":{` + numbered(40) + `,"k3":1}}`, "duplicate_key /remote_data/k3"},
		"a duplicate of a late one":  {`{"remote_data":{` + numbered(40) + `,"k30":1}}`, "duplicate_key /remote_data/k30"},
		"a fault below a long key":   {`{"remote_data":{"` + strings.Repeat("k", 129) + `":{"a":x}}}`, "invalid_json /remote_data"},
		"no colon":                   {`{"name" "Ada"}`, "invalid_json "},
		"no digit after the point":   {`{"account":1.}`, "invalid_json /account"},
		"no digit after the minus":   {`{"account":-}`, "invalid_json /account"},
		"half an escaped pair":       {`{"name":"\ud83d\u00"}`, "invalid_json /name"},
		"a raw line break later on":  {"{\"name\":\"\\t\n\"}", "invalid_json /name"},
		"cut short after an escape":  {`{"name":"\t`, "invalid_json /name"},
		"too deep":                   {nested(32), "too_deep " + "/remote_data" + strings.Repeat("/a", 30) + "/a"},
		"absurdly deep":              {strings.Repeat("[", 100_000), "too_deep " + strings.Repeat("/0", 32)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := contact.Decode([]byte(test.body))
			status, got := problems(t, err)
			if status != http.StatusBadRequest {
				t.Errorf("status is %d, want 400", status)
			}
			if diff := cmp.Diff([]string{test.want}, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// nested has one object in another below remote_data: levels of them in all,
// the document apart.
func nested(levels int) string {
	return `{"remote_data":` + strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) + "}"
}

func numbered(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"k%d":%d`, i, i)
	}
	return strings.Join(members, ",")
}

func TestDecodeDeepestAllowed(t *testing.T) {
	t.Parallel()
	if _, err := contact.Decode([]byte(nested(31))); err != nil {
		t.Error(err)
	}
}

func TestDecodeManyKeys(t *testing.T) {
	t.Parallel()
	doc, err := contact.Decode([]byte(`{"remote_data":{` + numbered(20_000) + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(doc.Input.RemoteData); got != 20_000 {
		t.Errorf("%d keys, want 20000", got)
	}
}
