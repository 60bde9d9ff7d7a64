package kit

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Record is one stored object. Data is in whatever form the imitation likes;
// it is replaced, never changed in place.
type Record struct {
	ID        string         `json:"id"`
	Data      map[string]any `json:"data"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`

	identity Identity
}

// Text is a top-level string of the record's data; empty when it is none.
func (r *Record) Text(name string) string { return Text(r.Data, name) }

// Table holds objects of one kind in the order of insertion.
type Table struct {
	rows  []*Record
	byID  map[string]*Record
	byKey map[string][]*Record
}

// All lists the objects, oldest insertion first. The list is the table's own.
func (t *Table) All() []*Record { return t.rows }

// Get finds an object by id; nil when there is none.
func (t *Table) Get(id string) *Record { return t.byID[id] }

// ByKey lists the objects that were stored under a key.
func (t *Table) ByKey(key string) []*Record { return t.byKey[key] }

// Put stores an object under its id and any keys.
func (t *Table) Put(r *Record, keys ...string) {
	if t.byID == nil {
		t.byID, t.byKey = map[string]*Record{}, map[string][]*Record{}
	}
	if t.byID[r.ID] == nil {
		t.rows = append(t.rows, r)
	}
	t.byID[r.ID] = r
	for _, key := range keys {
		t.byKey[key] = append(t.byKey[key], r)
	}
}

func (t *Table) unkey(r *Record, keys []string) {
	for _, key := range keys {
		left := slices.DeleteFunc(slices.Clone(t.byKey[key]), func(o *Record) bool { return o == r })
		if len(left) == 0 {
			delete(t.byKey, key)
			continue
		}
		t.byKey[key] = left
	}
}

// Account is one customer's CRM. Its methods are for handlers, which run
// while it is locked.
type Account struct {
	Name     string
	Contacts Table

	mu      sync.Mutex
	slug    string
	seq     uint64
	side    map[string]*Table
	replays replays
	// refreshes counts the refresh tokens that were used up.
	refreshes int
}

// ByEmail lists the contacts with an e-mail, without regard to case.
func (a *Account) ByEmail(email string) []*Record { return a.Contacts.ByKey(emailKey(email)) }

// Table holds the account's other objects (notes, tags) by kind.
func (a *Account) Table(kind string) *Table {
	if a.side[kind] == nil {
		a.side[kind] = &Table{}
	}
	return a.side[kind]
}

// NextID counts the account's objects; hand it to the id format in use.
func (a *Account) NextID() uint64 {
	a.seq++
	return a.seq
}

func (a *Account) insert(spec Spec, id string, data map[string]any, at time.Time) *Record {
	r := &Record{
		ID: id, Data: data,
		CreatedAt: at, UpdatedAt: at, identity: spec.Identity(data),
	}
	a.Contacts.Put(r, r.identity.keys()...)
	return r
}

func (a *Account) update(spec Spec, r *Record, changes map[string]any, at time.Time) {
	data := maps.Clone(r.Data)
	maps.Copy(data, changes)
	a.Contacts.unkey(r, r.identity.keys())
	r.Data, r.UpdatedAt, r.identity = data, at, spec.Identity(data)
	a.Contacts.Put(r, r.identity.keys()...)
}

// keys are distinct, so that a record never stands twice under one of them.
func (i Identity) keys() []string {
	keys := slices.Clone(i.Keys)
	for _, email := range i.Emails {
		keys = append(keys, emailKey(email))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func emailKey(email string) string { return "email:" + strings.ToLower(email) }
