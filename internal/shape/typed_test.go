package shape

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"7", "-0.5", "1e3", "12345678901234567890"} {
		if got := Number(text); got != json.Number(text) {
			t.Errorf("%q: %#v", text, got)
		}
	}
	for _, v := range []any{"", " ", "007", "NaN", "null", `"7"`, "7 8", "0x1", true, json.Number("7"), nil} {
		if got := Number(v); got != v {
			t.Errorf("%#v: %#v", v, got)
		}
	}
}

func TestBoolean(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]any{
		true: true, "TRUE": true, "yes": true, json.Number("1"): true, false: false, "No": false, "0": false, "maybe": "maybe", "": "", nil: nil,
	} {
		if got := Boolean(v); got != want {
			t.Errorf("%#v: %#v", v, got)
		}
	}
}

func TestInteger(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]int64{"": 0, "42": 42} {
		if got, err := Integer(id, contact.Owner); got != want || err != nil {
			t.Errorf("%q: %d, %v", id, got, err)
		}
	}
	_, err := Integer("x1", contact.Owner)
	if f := fault.From(err); f.Kind != fault.Invalid || !cmp.Equal(f.Fields, []string{"owner"}) {
		t.Errorf("%+v", f)
	}
}

func TestCountryCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"United Kingdom": "GB", "deu": "DE", "Atlantis": "Atlantis", "": ""} {
		if got := CountryCode(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestNameParts(t *testing.T) {
	t.Parallel()
	for _, tt := range [][2][3]string{
		{{"Ada", "Lovelace", ""}, {"Ada", "Lovelace", "Ada Lovelace"}},
		{{"", "", "Ada Lovelace"}, {"Ada", "Lovelace", "Ada Lovelace"}},
		{{"Ada", "", "Ada L."}, {"Ada", "", "Ada L."}},
		{},
	} {
		in, want := tt[0], tt[1]
		first, last, full := NameParts(in[0], in[1], in[2])
		if got := [3]string{first, last, full}; got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
