package contact_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func TestDecodeProblems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want []string
	}{
		"all of them, in the order of the document": {
			`{"titel":"x","email_addresses":[{"adress":"x"},{"email":"nope"}],"first_name":1,"created_at":"soon"}`,
			[]string{
				"unknown_field /titel", "unknown_field /email_addresses/0/adress", "invalid_email /email_addresses/1/email",
				"wrong_type /first_name", "invalid_date_time /created_at",
			},
		},
		"wrong types": {
			`{"name":true,"title":["x"],"email_addresses":5,"phone_numbers":[12345],"addresses":["London"],"urls":[[{}]],
			"account":[1],"owner":false,"tags":[7],"custom_fields":3,"created_at":1700000000,"remote_data":"{}",
			"metadata":[1],"client_ref":{"a":1}}`,
			[]string{
				"wrong_type /name", "wrong_type /title", "wrong_type /email_addresses", "wrong_type /phone_numbers/0",
				"wrong_type /addresses/0", "wrong_type /urls/0", "wrong_type /account", "wrong_type /owner",
				"wrong_type /tags/0", "wrong_type /custom_fields", "wrong_type /created_at", "wrong_type /remote_data",
				"wrong_type /metadata", "wrong_type /client_ref",
			},
		},
		"numbers are no ids if they have been rounded": {
			`{"account":1.5,"owner":{"id":1e3},"tags":[{"id":-1}]}`,
			[]string{"invalid_id /account", "invalid_id /owner/id", "invalid_id /tags/0/id"},
		},
		"entries that are about nothing": {
			`{"email_addresses":[{"type":"work"}],"phone_numbers":{"extension":"5"},"urls":[{"type":"x","url":""}]}`,
			[]string{"required /email_addresses/0/email", "required /phone_numbers/number", "required /urls/0/url"},
		},
		"a bad member is not missing as well": {
			`{"email_addresses":[{"email":5,"type":"work"}]}`, []string{"wrong_type /email_addresses/0/email"},
		},
		"conflicts": {
			`{"job_title":"A","title":"B","phone_numbers":["12345"],"phone_number":"12346"}`,
			[]string{"conflict /title", "conflict /phone_number"},
		},
		"unknown names in every object": {
			`{"phone_numbers":[{"num":"12345","number":"12345"}],"addresses":{"street":"x"},"account":{"ID":1},"tags":[{"label":"x"}]}`,
			[]string{
				"unknown_field /phone_numbers/0/num", "unknown_field /addresses/street",
				"unknown_field /account/ID", "unknown_field /tags/0/label",
			},
		},
		"control characters": {
			`{"name":"a\u0000b","description":"\u007f","custom_fields":{"a":{"b":["\u0001"]},"c\u0002":1},
			"remote_data":{"x":"\u0085"},"metadata":{"m":"\u0000"},"client_ref":"a\u0000"}`,
			[]string{
				"control_character /name", "control_character /description", "control_character /custom_fields/a/b/0",
				"control_character /custom_fields/c\x02", "control_character /remote_data/x",
				"control_character /metadata/m", "control_character /client_ref",
			},
		},
		"custom fields in a string keep the rules": {
			`{"custom_fields":"{\"a\":1,\"a\":2}"}`, []string{"duplicate_key /custom_fields"},
		},
		"a string that holds no JSON":      {`{"custom_fields":"a=b"}`, []string{"invalid_json /custom_fields"}},
		"a string that holds too much":     {`{"custom_fields":"{} {}"}`, []string{"trailing_data /custom_fields"}},
		"a string that holds no object":    {`{"custom_fields":"[1]"}`, []string{"wrong_type /custom_fields"}},
		"a string that holds a string":     {`{"custom_fields":"\"{}\""}`, []string{"wrong_type /custom_fields"}},
		"half a character in a string":     {`{"custom_fields":"{\"a\":\"\\ud83d\"}"}`, []string{"invalid_utf8 /custom_fields"}},
		"pointers do not reach into texts": {`{"custom_fields":"{\"a\":{\"b\":\"\\u0000\"}}"}`, []string{"control_character /custom_fields"}},
		"deep inside a string": {
			`{"custom_fields":"` + strings.Repeat(`{\"a\":`, 32) + "1" + strings.Repeat("}", 32) + `"}`,
			[]string{"too_deep /custom_fields"},
		},
		"a custom field without a name": {`{"custom_fields":{" ":1}}`, []string{"unknown_field /custom_fields/ "}},
		"a pointer does not repeat a long key": {
			`{"account":{"` + strings.Repeat("k", 129) + `":1}}`, []string{"unknown_field /account"},
		},
		"lengths": {
			`{"first_name":"` + strings.Repeat("é", 1001) + `","title":"` + strings.Repeat("x", 1001) +
				`","description":"` + strings.Repeat("x", 65_537) + `","account":"` + strings.Repeat("x", 4_097) +
				`","custom_fields":{"a":"` + strings.Repeat("x", 65_537) + `"},"metadata":{"a":"` + strings.Repeat("x", 2_048) +
				`"},"client_ref":"` + strings.Repeat("x", 129) + `"}`,
			[]string{
				"too_long /first_name", "too_long /title", "too_long /description", "too_long /account",
				"too_long /custom_fields/a", "too_long /metadata", "too_long /client_ref",
			},
		},
		"numbers of entries": {
			`{"tags":[` + strings.Repeat(`"x",`, 100) + `"x"],"email_addresses":[` + strings.Repeat(`"a@b.example",`, 100) +
				`"x"],"custom_fields":{` + numbered(501) + `}}`,
			[]string{"too_many /tags", "too_many /email_addresses", "too_many /custom_fields"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := contact.Decode([]byte(test.body))
			status, got := problems(t, err)
			if status != http.StatusUnprocessableEntity {
				t.Errorf("status is %d, want 422", status)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDecodeLongestAllowed(t *testing.T) {
	t.Parallel()
	body := `{"first_name":"` + strings.Repeat("é", 1000) + `","description":"` + strings.Repeat("é", 65_536) +
		`","tags":[` + strings.Repeat(`"x",`, 99) + `"x"],"custom_fields":{` + numbered(500) +
		`},"metadata":{"a":"` + strings.Repeat("x", 2_040) + `"},"client_ref":"` + strings.Repeat("x", 128) + `"}`
	if _, err := contact.Decode([]byte(body)); err != nil {
		t.Error(err)
	}
}

// The body of the API's own example call: everything in it counts as absent or
// is a text, but created_at is no date.
func TestDecodeExampleCall(t *testing.T) {
	t.Parallel()
	body := `{
  "first_name": "your_first_name",
  "last_name": "your_last_name",
  "email_addresses": [],
  "account": {},
  "name": "your_name",
  "title": "your_title",
  "phone_numbers": [],
  "custom_fields": "{\n  \"custom_field_name_1\": \"foo\",\n  \"custom_field_name_2\": \"bar\"\n}\n",
  "addresses": [],
  "tags": [],
  "created_at": "your_created_at",
  "owner": {},
  "remote_data": {}
}`
	_, err := contact.Decode([]byte(body))
	_, got := problems(t, err)
	if diff := cmp.Diff([]string{"invalid_date_time /created_at"}, got); diff != "" {
		t.Fatalf("(-want +got)\n%s", diff)
	}
	doc, err := contact.Decode([]byte(strings.Replace(body, "your_created_at", "2026-01-31T12:00:00Z", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := contact.Input{Contact: contact.Contact{
		FirstName: "your_first_name", LastName: "your_last_name", Name: "your_name", Title: "your_title",
		CustomFields: map[string]any{"custom_field_name_1": "foo", "custom_field_name_2": "bar"},
		CreatedAt:    at("2026-01-31T12:00:00Z"),
	}}
	if diff := cmp.Diff(want, contact.Normalize(doc.Input)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDecodeReportsAtMostFifty(t *testing.T) {
	t.Parallel()
	_, err := contact.Decode([]byte("{" + numbered(80) + "}"))
	if _, got := problems(t, err); len(got) != 50 || got[49] != "unknown_field /k49" {
		t.Errorf("%d problems, the last %s", len(got), got[len(got)-1])
	}
}

func TestDecodeNamesTheNearestField(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"fist_name":"x"}`:                          "first_name",
		`{"firstName":"x"}`:                          "first_name",
		`{"Last-Name":"x"}`:                          "last_name",
		`{"email":"x"}`:                              "email_addresses",
		`{"emails":["x"]}`:                           "email_addresses",
		`{"phone":"x"}`:                              "phone_numbers",
		`{"address":"x"}`:                            "addresses",
		`{"url":"x"}`:                                "urls",
		`{"metdata":{}}`:                             "metadata",
		`{"email_addresses":[{"adress":"x"}]}`:       "",
		`{"email_addresses":[{"e-mail":"x"}]}`:       "email",
		`{"addresses":[{"street1":"x"}]}`:            "street_1",
		`{"addresses":[{"postal":"x"}]}`:             "postal_code",
		`{"zzzzzz":"x"}`:                             "",
		`{"":"x"}`:                                   "",
		`{"` + strings.Repeat("name", 50) + `":"x"}`: "",
	} {
		_, err := contact.Decode([]byte(body))
		var invalid *contact.Invalid
		if !errors.As(err, &invalid) || len(invalid.Problems) != 1 {
			t.Errorf("%s: error is %v, want one problem", body, err)
			continue
		}
		message := "is no known field"
		if want != "" {
			message += "; did you mean " + want + "?"
		}
		if got := invalid.Problems[0].Message; got != message {
			t.Errorf("%s: message %q, want %q", body, got, message)
		}
	}
}

func TestDecodeNeverEchoesValues(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, body := range []string{
		`{"email_addresses":["hunter2"],"created_at":"hunter2","urls":["javascript:hunter2"],"phone_numbers":["hunter2"]}`,
		`{"name":"hunter2\u0000","custom_fields":"hunter2","metadata":"hunter2","job_title":"hunter2","title":"x"}`,
		`{"name":"hunter2" hunter2}`,
		`{"name":hunter2}`,
		`{"name":"hunter2\ud83d"}`,
		`hunter2`,
	} {
		_, err := contact.Decode([]byte(body))
		if err == nil {
			t.Errorf("%s: accepted", body)
		}
		if text := fmt.Sprintf("%v %+v", err, *err.(*contact.Invalid)); strings.Contains(text, secret) {
			t.Errorf("%s: the error tells the value: %s", body, text)
		}
	}
}

func TestDecodeWith(t *testing.T) {
	t.Parallel()
	const body = `{"shoe":44,"name":"Ada","custom_fields":{"hat":"L"},"job_title":"Analyst","empty":""}`
	warned, err := contact.DecodeWith([]byte(body), contact.UnknownWarn)
	if err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, w := range warned.Warnings {
		fields = append(fields, w.Code+" "+w.Field)
	}
	if diff := cmp.Diff([]string{"unknown_field shoe", "unknown_field empty"}, fields); diff != "" {
		t.Errorf("warnings (-want +got)\n%s", diff)
	}

	kept, err := contact.DecodeWith([]byte(body), contact.UnknownCustomField)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(kept.Input.CustomFields); got != "map[hat:L shoe:44]" || kept.Input.Title != "Analyst" {
		t.Errorf("custom fields are %s", got)
	}

	for body, want := range map[string]string{
		`{"hat":"M","custom_fields":{"hat":"L"}}`:            "conflict /custom_fields/hat",
		`{"custom_fields":{"hat":"L"},"hat":"L"}`:            "conflict /hat",
		`{"tags":[{"label":"x"}]}`:                           "unknown_field /tags/0/label",
		`{"x":1,"custom_fields":{` + numbered(500) + `}}`:    "too_many /custom_fields",
		`{"custom_fields":{` + numbered(500) + `},"k500":1}`: "too_many /custom_fields",
	} {
		_, err := contact.DecodeWith([]byte(body), contact.UnknownCustomField)
		if _, got := problems(t, err); len(got) != 1 || got[0] != want {
			t.Errorf("%.40s: problems %q, want %s", body, got, want)
		}
	}
}
