package connector

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLenientError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   VendorError
	}{
		{"object", 400, `{"code":"bad","message":"no good"}`, VendorError{Code: "bad", Message: "no good"}},
		{"numeric code", 400, `{"code":3002,"message":"no good"}`, VendorError{Code: "3002", Message: "no good"}},
		{"list", 400, `[{"errorCode":"E1","message":"first"},{"errorCode":"E2"}]`, VendorError{Code: "E1", Message: "first"}},
		{"nested", 400, `{"error":{"type":"t","detail":"d"}}`, VendorError{Code: "t", Message: "d"}},
		{"list inside", 422, `{"errors":[{"code":"c","title":"t"}]}`, VendorError{Code: "c", Message: "t"}},
		{"texts inside", 401, `{"errors":["Not Authenticated"]}`, VendorError{Message: "Not Authenticated"}},
		{"OAuth", 400, `{"error":"invalid_grant","error_description":"expired"}`, VendorError{Code: "invalid_grant", Message: "expired"}},
		{"sentence as error", 400, `{"error":"it went wrong"}`, VendorError{Message: "it went wrong"}},
		{"JSON text", 400, `"it went wrong"`, VendorError{Message: "it went wrong"}},
		{"no words", 422, `{"a":[1,2]}`, VendorError{Message: "Unprocessable Entity"}},
		{"null", 400, `null`, VendorError{Message: "Bad Request"}},
		{"plain text", 403, " slow down ", VendorError{Message: "slow down"}},
		{"HTML", 502, "<html><body>Bad</body></html>", VendorError{Message: "Bad Gateway"}},
		{"nothing", 500, "", VendorError{Message: "Internal Server Error"}},
		{"own status", 477, "", VendorError{}},
	}
	for _, tt := range tests {
		got := LenientError(Reply{Status: tt.status, Body: []byte(tt.body)})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func FuzzLenientError(f *testing.F) {
	for _, body := range []string{`{"errors":[[]]}`, `{"error":{"error":null}}`, `[[[["x"]]]]`, "\xff"} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		ve := LenientError(Reply{Status: 400, Body: []byte(body)})
		if ve.Message == "" && body == "" {
			t.Error("no message")
		}
	})
}

func TestExpand(t *testing.T) {
	t.Parallel()
	first, second := map[string]string{"a": "1", "b": ""}, map[string]string{"b": "2", "c": "{a}"}
	for template, want := range map[string]string{
		"":               "",
		"plain":          "plain",
		"{a}-{b}-{c}":    "1-2-{a}",
		"{unknown}x":     "x",
		"open {a":        "open {a",
		"{}{a}}":         "1}",
		"Bearer {a} {b}": "Bearer 1 2",
	} {
		if got := expand(template, first, second); got != want {
			t.Errorf("expand(%q) = %q, want %q", template, got, want)
		}
	}
}
