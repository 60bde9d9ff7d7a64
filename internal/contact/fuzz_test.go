package contact

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func seeds() []string {
	return []string{
		`{}`, `[]`, `"\ud83d\ude00"`, `{"a":[1,-0.5e+10,true,null,"\u00e9\\"]}`, "\uFEFF{}", "{\"a\":\"\xff\"}",
		`{"first_name":"Ada","name":"Lovelace, Ada","email_addresses":[{"email":"ada@example.com","type":"Work"},"b@c.example"],
		"phone_numbers":["tel:+44 20 7946 0018 ext. 12",{"number":"0015550109999","type":"fax"}],"phone_number":[],
		"urls":"example.com/x","account":{"id":7},"owner":8,"tags":["a",{"id":1}],"custom_fields":"{\"a\":{\"b\":[1]}}",
		"addresses":{"city":"x","type":"HOME"},"created_at":"2026-01-31","metadata":{"m":1},"client_ref":"r","id":"x"}`,
		`{"name":1,"e":2,"account":1.5,"tags":[[{}]],"custom_fields":"{","created_at":"x","title":"a","job_title":"b"}`,
		`{"first_name":"` + strings.Repeat("é", 600) + `","last_name":"van der Berg","remote_data":{"a/b":{"~":"\u0001"}}}`,
	}
}

// FuzzDecode holds Decode to its promises on any bytes: no panic; errors are
// *Invalid whose pointers exist in the document; what is accepted is valid
// UTF-8 without NUL, and normalising it twice is normalising it once.
func FuzzDecode(f *testing.F) {
	for _, seed := range seeds() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := Decode(body)
		if err != nil {
			checkInvalid(t, err, body)
			return
		}
		checkTexts(t, reflect.ValueOf(doc))
		once := Normalize(doc.Input)
		checkTexts(t, reflect.ValueOf(once))
		if twice := Normalize(once); !reflect.DeepEqual(once, twice) {
			t.Errorf("normalising again changes\n%s", cmp.Diff(once, twice))
		}
		if _, err := Render(once.Contact, Unified, nil, nil); err != nil {
			t.Error(err)
		}
	})
}

func checkInvalid(t *testing.T, err error, body []byte) {
	t.Helper()
	var invalid *Invalid
	if !errors.As(err, &invalid) || len(invalid.Problems) == 0 || len(invalid.Problems) > maxProblems {
		t.Fatalf("error is %v", err)
	}
	if invalid.Status == http.StatusBadRequest {
		return
	}
	var root any
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\uFEFF"))))
	decoder.UseNumber()
	if err := decoder.Decode(&root); err != nil {
		t.Fatalf("status %d for what is not JSON: %v", invalid.Status, err)
	}
	for _, p := range invalid.Problems {
		pointer := p.Pointer
		if p.Code == CodeRequired {
			pointer = pointer[:strings.LastIndex(pointer, "/")]
		}
		if !resolves(root, pointer) {
			t.Errorf("%s points at %q, which is not there", p.Code, p.Pointer)
		}
	}
}

func resolves(at any, pointer string) bool {
	for pointer != "" {
		var step string
		step, pointer, _ = strings.Cut(pointer[1:], "/")
		if pointer != "" {
			pointer = "/" + pointer
		}
		switch container := at.(type) {
		case map[string]any:
			next, ok := container[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
			if !ok {
				return false
			}
			at = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(container) {
				return false
			}
			at = container[i]
		default:
			return false
		}
	}
	return true
}

// checkTexts walks v and looks at every text in it.
func checkTexts(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Errorf("accepted the text %q", s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				checkTexts(t, v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkTexts(t, v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			checkTexts(t, key)
			checkTexts(t, v.MapIndex(key))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			checkTexts(t, v.Elem())
		}
	}
}

// FuzzScan compares the scanner with encoding/json: they must agree on what is
// JSON, and on what it says, but for what the scanner refuses on top.
func FuzzScan(f *testing.F) {
	for _, seed := range seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if !utf8.ValidString(src) {
			return
		}
		got, p := scan(src, 0)
		decoder := json.NewDecoder(strings.NewReader(src))
		decoder.UseNumber()
		var want any
		err := decoder.Decode(&want)
		valid := json.Valid([]byte(src))
		switch {
		case p == nil && (err != nil || !valid):
			t.Fatalf("accepted, but encoding/json says %v", err)
		case p == nil && !reflect.DeepEqual(got.free(), want):
			t.Fatalf("(-encoding/json +scan)\n%s", cmp.Diff(want, got.free()))
		case p != nil && valid && p.Code != CodeDuplicateKey && p.Code != CodeTooDeep && p.Code != CodeInvalidUTF8:
			t.Fatalf("refused valid JSON with %s: %s", p.Code, p.Message)
		}
	})
}

// FuzzNormalize reaches the names and numbers that uploads hold, which Decode
// may never have seen.
func FuzzNormalize(f *testing.F) {
	f.Add("Ada", "", "Lovelace, Ada", "+44 (0)20 7946 0018 x5", "5", "GB")
	f.Add("", "van der Berg", "Rutger van der Berg, Jr.", "tel:tel:0044#123", "", "\xff")
	f.Fuzz(func(t *testing.T, first, last, name, number, extension, country string) {
		once := Normalize(Input{Contact: Contact{
			FirstName: first, LastName: last, Name: name,
			PhoneNumbers: []Phone{{Number: number, Extension: extension}},
			Addresses:    []Address{{Country: country}},
		}})
		if twice := Normalize(once); !reflect.DeepEqual(once, twice) {
			t.Errorf("normalising again changes\n%s", cmp.Diff(once, twice))
		}
		if e164, ok := E164(number, country); ok {
			if digits := strings.TrimPrefix(e164, "+"); len(digits) == len(e164) || strings.Trim(digits, "0123456789") != "" {
				t.Errorf("E164(%q) = %q", number, e164)
			}
			if !SamePhone(e164, e164) {
				t.Errorf("%q is not the same as itself", e164)
			}
		}
		if _, err := Render(once.Contact, Normalized, nil, nil); err != nil {
			t.Error(err)
		}
	})
}
