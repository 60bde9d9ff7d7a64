package accounttest

import (
	"testing"

	"crmferry/internal/account"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	RunStore(t, func() account.Store { return NewMemoryStore() })
}
