package shape

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWith(t *testing.T) {
	t.Parallel()
	custom := map[string]any{"a": 1, "key": "theirs"}
	if diff := cmp.Diff(map[string]any{"a": 1, "key": "ours"}, With(custom, "key", "ours")); diff != "" {
		t.Error(diff)
	}
	if custom["key"] != "theirs" {
		t.Error("the caller's fields were changed")
	}
}
