package shape

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type known struct {
	First string `json:"first,omitempty"`
	Note  string `json:"note,omitempty"`
	Count int    `json:"count,omitempty"`
}

func TestBeside(t *testing.T) {
	t.Parallel()
	var r reports
	o := Beside(known{First: "<Ada>"}, map[string]any{"first": "Bob", "note": "n", "own": json.Number("9007199254740993")}, r.warn)
	raw, err := marshal(o)
	if want := `{"first":"<Ada>","note":"n","own":9007199254740993}`; string(raw) != want || err != nil {
		t.Errorf("%s, %v; want %s", raw, err, want)
	}
	r.expect(t, "Beside", "custom_fields/first conflict")
}

func TestOpenUnmarshal(t *testing.T) {
	t.Parallel()
	var o Open[known]
	o.More = map[string]any{"stale": true}
	if err := json.Unmarshal([]byte(`{"first":null,"note":"n","big":9007199254740993,"empty":null,"list":["a"]}`), &o); err != nil {
		t.Fatal(err)
	}
	want := Open[known]{Known: known{Note: "n"}, More: map[string]any{"big": json.Number("9007199254740993"), "list": []any{"a"}}}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Error(diff)
	}
	for _, body := range []string{`[]`, `{"count":"x"}`, `"text"`} {
		if err := json.Unmarshal([]byte(body), &o); err == nil {
			t.Errorf("%s was read", body)
		}
	}
}

func TestMembersAndKeys(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"first", "note", "count"}, Members[known]()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, Keys(map[string]any{"b": 1, "a": 2})); diff != "" {
		t.Error(diff)
	}
}

func TestPickAndWithout(t *testing.T) {
	t.Parallel()
	more := map[string]any{"a": "1", "b": nil, "c": "3"}
	if diff := cmp.Diff(map[string]any{"a": "1"}, Pick(more, map[string]any{"a": "x", "b": "y", "d": "z"})); diff != "" {
		t.Error(diff)
	}
	if got := Pick(more, nil); got != nil {
		t.Errorf("Pick = %v", got)
	}
	var r reports
	if diff := cmp.Diff(map[string]any{"b": nil, "c": "3"}, Without(more, "a", r.warn)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(more, Without(more, "x", r.warn)); diff != "" || len(more) != 3 {
		t.Errorf("%v %s", more, diff)
	}
	r.expect(t, "Without", "custom_fields/a conflict")
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value any
		want  string
	}{
		{nil, ""}, {"x", "x"}, {true, "true"}, {json.Number("1.50"), "1.50"}, {7, "7"},
		{[]any{"a", json.Number("1"), nil}, "a;1;"}, {map[string]any{"b": "<", "a": []any{}}, `{"a":[],"b":"<"}`},
		{make(chan int), ""},
	} {
		if got := Text(tt.value); got != tt.want {
			t.Errorf("Text(%v) = %q, want %q", tt.value, got, tt.want)
		}
	}
	custom := map[string]any{"list": []any{"a", "b"}, "n": json.Number("7")}
	if diff := cmp.Diff(map[string]any{"list": "a;b", "n": "7"}, Texts(custom)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"list": "a;b", "n": json.Number("7")}, Joined(custom)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "7"}, TextList([]any{"a", json.Number("7")})) + cmp.Diff([]string{"x"}, TextList("x")); diff != "" {
		t.Error(diff)
	}
}
