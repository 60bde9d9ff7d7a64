// Package accounttest has what tests around accounts share: a Store in memory,
// and the suite that every Store passes.
package accounttest

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"crmferry/internal/account"
)

// MemoryStore is a Store in memory, safe for concurrent use.
type MemoryStore struct {
	mu      sync.Mutex
	records map[string]account.Record // by id, which is unique over all tenants
}

// NewMemoryStore makes an empty Store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{records: map[string]account.Record{}}
}

// Create stores a new record.
func (s *MemoryStore) Create(ctx context.Context, r account.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, taken := s.records[r.ID]; taken {
		return account.ErrExists
	}
	s.records[r.ID] = r.Clone()
	return nil
}

// Get reads a record.
func (s *MemoryStore) Get(ctx context.Context, tenant, id string) (account.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(ctx, tenant, id)
	return r.Clone(), err
}

func (s *MemoryStore) find(ctx context.Context, tenant, id string) (account.Record, error) {
	if err := ctx.Err(); err != nil {
		return account.Record{}, err
	}
	r, ok := s.records[id]
	if !ok || r.Tenant != tenant {
		return account.Record{}, account.ErrNotFound
	}
	return r, nil
}

// Put replaces a record that is unchanged since it was read.
func (s *MemoryStore) Put(ctx context.Context, r account.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, err := s.find(ctx, r.Tenant, r.ID)
	if err != nil {
		return err
	}
	if stored.Version != r.Version {
		return account.ErrChanged
	}
	r = r.Clone()
	r.Version++
	s.records[r.ID] = r
	return nil
}

// Delete removes a record.
func (s *MemoryStore) Delete(ctx context.Context, tenant, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(ctx, tenant, id); err != nil {
		return err
	}
	delete(s.records, id)
	return nil
}

// position is where a record stands in the order of creation.
type position struct {
	At time.Time
	ID string
}

func positionOf(r account.Record) position { return position{r.CreatedAt, r.ID} }

func (p position) compare(q position) int {
	return cmp.Or(p.At.Compare(q.At), cmp.Compare(p.ID, q.ID))
}

// List gives a page of records.
func (s *MemoryStore) List(ctx context.Context, tenant string, f account.Filter) ([]account.Record, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	after, err := parseCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	found := s.matching(tenant, f, after)
	if len(found) <= f.Limit {
		return found, "", nil
	}
	found = found[:f.Limit]
	return found, cursor(positionOf(found[f.Limit-1])), nil
}

func (s *MemoryStore) matching(tenant string, f account.Filter, after position) []account.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []account.Record
	for _, r := range s.records {
		if r.Tenant == tenant && (f.CRM == "" || r.CRM == f.CRM) &&
			(f.ExternalRef == "" || r.ExternalRef == f.ExternalRef) && positionOf(r).compare(after) > 0 {
			found = append(found, r.Clone())
		}
	}
	slices.SortFunc(found, func(a, b account.Record) int { return positionOf(a).compare(positionOf(b)) })
	return found
}

func cursor(p position) string {
	raw, _ := json.Marshal(p) // a time and a string always encode
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseCursor(text string) (p position, err error) {
	if text == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(raw, &p) != nil {
		return p, account.ErrCursor
	}
	return p, nil
}
