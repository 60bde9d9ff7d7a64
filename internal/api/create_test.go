package api

import (
	"testing"
)

func TestCreateAccepts(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	a := h.create(t, "", ada).wantStatus(t, 202)
	t.Log(a.Body.String(), a.Header())
}
