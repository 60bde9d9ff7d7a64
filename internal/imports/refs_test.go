package imports

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"crmferry/internal/contact"
	"crmferry/internal/fingerprint"
)

// refStore is a RefShelf in memory. Its blocks have two rows.
type refStore struct {
	keys    *fingerprint.Keys
	list    []Import
	rows    map[string][]Outcome
	columns atomic.Int64 // how often columns were read
}

type plainSeal struct{}

func (plainSeal) Seal(plain []byte, _ string) ([]byte, error)  { return plain, nil }
func (plainSeal) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

type oneKey struct{}

func (oneKey) Sealed(context.Context, string) ([]byte, error) { return make([]byte, 32), nil }
func (oneKey) Keep(_ context.Context, _ string, fresh []byte) ([]byte, error) {
	return fresh, nil
}

func newRefStore() *refStore {
	return &refStore{keys: fingerprint.NewKeys(plainSeal{}, oneKey{}), rows: map[string][]Outcome{}}
}

func (s *refStore) WithRefs(_ context.Context, tenant, account string) (list []Import, err error) {
	for _, i := range s.list {
		if i.Tenant == tenant && i.AccountID == account && i.Refs > 0 {
			list = append(list, i)
		}
	}
	return list, nil
}

func (s *refStore) Load(_ context.Context, id string) (Import, error) {
	for _, i := range s.list {
		if i.ID == id {
			return i, nil
		}
	}
	return Import{}, ErrNotFound
}

func (s *refStore) Columns(ctx context.Context, id, name string, blocks []int) ([][]byte, error) {
	s.columns.Add(1)
	key, err := s.keys.For(ctx, "")
	out := make([][]byte, len(blocks))
	for k, n := range blocks {
		var rows []Row
		for _, o := range s.block(id, n) {
			rows = append(rows, Row{ClientRef: o.ClientRef})
		}
		out[k] = Columns(key, rows)[name]
	}
	return out, err
}

func (s *refStore) block(id string, n int) []Outcome {
	all := s.rows[id]
	return all[2*n : min(2*n+2, len(all))]
}

func (s *refStore) Results(_ context.Context, i Import, n int) ([]Outcome, error) {
	if s.rows[i.ID] == nil {
		return nil, ErrNotFound
	}
	return s.block(i.ID, n), nil
}

// add stores an import that was sealed at a second.
func (s *refStore) add(id string, second int, outcomes ...Outcome) Import {
	i := Import{Base: Base{ID: id, Tenant: "acme", AccountID: "1"}, Status: Running}
	i.Rows, i.Refs, i.Blocks, i.SealedAt = len(outcomes), len(outcomes), (len(outcomes)+1)/2, time.Unix(int64(second), 0)
	for k := range outcomes {
		outcomes[k].Index, outcomes[k].Line = k%2, k+1
	}
	s.list, s.rows[id] = append(s.list, i), outcomes
	return i
}

func named(ref, name string) Row {
	return Row{ClientRef: ref, Input: contact.Input{Contact: contact.Contact{FirstName: name}}}
}

// was is a row that has ended; one that succeeded lost its payload.
func was(r Row, status RowStatus, remote string) Outcome {
	o := Outcome{Result: Result{ClientRef: r.ClientRef, Status: status, RemoteID: remote, Digest: r.digest()}, Row: &r}
	if status == RowSucceeded || status == RowSkipped {
		o.Row = nil
	}
	if status == RowPending {
		o.Digest = ""
	}
	return o
}

// shown puts a Prior into a few words.
func shown(p Prior) string {
	if !p.Found {
		return "none"
	}
	state := "under way"
	if p.Result != nil {
		state = string(p.Result.Status) + " " + p.Result.RemoteID
	}
	return fmt.Sprintf("%s/%d %s same=%t within=%t", p.Import, p.Line, state, p.Same, p.Within)
}

func earlier(t *testing.T, b *RefBook, i Import, at Place, r Row) string {
	t.Helper()
	list, err := b.Earlier(t.Context(), i, []Place{at}, []Row{r})
	if err != nil {
		t.Fatal(err)
	}
	return shown(list[0])
}

func TestEarlier(t *testing.T) {
	t.Parallel()
	s := newRefStore()
	s.add("first", 1, was(named("a", "Ada"), RowSucceeded, "1"), was(named("b", "Bob"), RowFailed, ""), was(named("c", "Cy"), RowUnknown, ""))
	s.add("second", 2, was(named("a", "Eve"), RowFailed, ""), was(named("b", "Bob"), RowPending, ""))
	now := s.add("third", 3, was(named("a", "Ada"), RowPending, ""), was(named("d", "Di"), RowPending, ""), was(named("d", "Di"), RowPending, ""))
	s.add("later", 4, was(named("e", "Ed"), RowSucceeded, "9"))
	other := s.add("other", 1, was(named("f", "Flo"), RowSucceeded, "8"))
	s.list[len(s.list)-1].AccountID = "2"
	for name, b := range map[string]*RefBook{"in memory": NewRefBook(s, s.keys), "without room": {shelf: s, keys: s.keys, now: time.Now, known: newRefCache(0)}} {
		for _, c := range []struct {
			row  Row
			at   Place
			want string
		}{
			{named("a", "Ada"), Place{0, 0}, "first/1 succeeded 1 same=true within=false"}, // not the one that failed since
			{named("a", "Eve"), Place{0, 0}, "first/1 succeeded 1 same=false within=false"},
			{named("b", "Bob"), Place{0, 0}, "second/2 under way same=true within=false"},
			{named("c", "Cy"), Place{0, 0}, "first/3 unknown  same=true within=false"},
			{named("d", "Di"), Place{1, 0}, "third/2 under way same=true within=true"},
			{named("d", "Di"), Place{0, 1}, "none"},
			{named("e", "Ed"), Place{0, 0}, "none"},  // came later
			{named("f", "Flo"), Place{0, 0}, "none"}, // another account's
			{named("", "Ada"), Place{0, 0}, "none"},
			{named("x", "Ada"), Place{0, 0}, "none"},
		} {
			if got := earlier(t, b, now, c.at, c.row); got != c.want {
				t.Errorf("%s: %s of %s: %s, want %s", name, c.row.ClientRef, c.row.Input.FirstName, got, c.want)
			}
		}
	}
	if other.ID != "other" {
		t.Error(other.ID)
	}
}

func TestEarlierIsTheLastThatFailed(t *testing.T) {
	t.Parallel()
	s := newRefStore()
	s.add("first", 1, was(named("a", "Ada"), RowCancelled, ""))
	s.add("second", 2, was(named("a", "Ada"), RowFailed, ""))
	now := s.add("third", 2, was(named("a", "Ada"), RowPending, "")) // in the same moment
	if got := earlier(t, NewRefBook(s, s.keys), now, Place{}, named("a", "Ada")); got != "second/1 failed  same=true within=false" {
		t.Error(got)
	}
}

func TestAnotherWorkspaceIsOtherContent(t *testing.T) {
	t.Parallel()
	s := newRefStore()
	s.add("first", 1, was(named("a", "Ada"), RowSucceeded, "1"))
	now := s.add("second", 2, was(named("a", "Ada"), RowPending, ""))
	now.Workspace = "w"
	if got := earlier(t, NewRefBook(s, s.keys), now, Place{}, named("a", "Ada")); got != "first/1 succeeded 1 same=false within=false" {
		t.Error(got)
	}
}

// TestRefsStayWithinTheirRoom: what is known of imports takes no more memory
// than it may, and is read again when it was forgotten.
func TestRefsStayWithinTheirRoom(t *testing.T) {
	t.Parallel()
	s := newRefStore()
	for k := range 5 {
		s.add(fmt.Sprint("i", k), k, was(named(fmt.Sprint("r", k), "Ada"), RowSucceeded, "1"), was(named("x", "X"), RowFailed, ""))
	}
	now := s.add("now", 9, was(named("r0", "Ada"), RowPending, ""))
	b := NewRefBook(s, s.keys)
	b.known.room = 3 * 2 * refEntryBytes
	for range 3 {
		for k := range 5 {
			want := fmt.Sprintf("i%d/1 succeeded 1 same=true within=false", k)
			if got := earlier(t, b, now, Place{}, named(fmt.Sprint("r", k), "Ada")); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		if b.known.bytes > b.known.room || len(b.known.index) == 0 {
			t.Errorf("%d bytes of %d imports", b.known.bytes, len(b.known.index))
		}
	}
}

func TestRefsAreReadOnce(t *testing.T) {
	t.Parallel()
	s := newRefStore()
	s.add("first", 1, was(named("a", "Ada"), RowSucceeded, "1"))
	now := s.add("second", 2, was(named("a", "Ada"), RowPending, ""))
	b := NewRefBook(s, s.keys)
	for range 10 {
		earlier(t, b, now, Place{}, named("a", "Ada"))
	}
	if n := s.columns.Load(); n != 2 { // of each import
		t.Errorf("columns were read %d times", n)
	}
}
