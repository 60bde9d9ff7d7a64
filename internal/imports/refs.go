package imports

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"crmferry/internal/fingerprint"
)

// Prior tells of the row that counts among those with the same client_ref that
// an account was given before. The zero one: there is none.
type Prior struct {
	Found bool
	// Within: it is a row of the same import.
	Within bool
	// Same: it was to write the same content.
	Same  bool
	Place Place
	// Import and Line name it.
	Import string
	Line   int
	// Result is what became of it; nil while it is under way.
	Result *Result
}

// RefShelf is what a RefBook needs of the place where imports are kept.
type RefShelf interface {
	// WithRefs lists the tenant's imports into an account that are sealed and
	// have rows with a client_ref.
	WithRefs(ctx context.Context, tenant, account string) ([]Import, error)
	// Columns gives a column of some blocks of an import, nil for those that
	// have none.
	Columns(ctx context.Context, id, name string, blocks []int) ([][]byte, error)
	// Load gives an import as it is now.
	Load(ctx context.Context, id string) (Import, error)
	// Results gives the rows of a block with what became of them.
	Results(ctx context.Context, i Import, block int) ([]Outcome, error)
}

// RefBook finds rows by their client_ref: the Refs of Turns. It remembers what
// it has read within bounds, and is safe for concurrent use.
type RefBook struct {
	shelf RefShelf
	keys  *fingerprint.Keys
	now   func() time.Time
	known *refCache
}

// refBytes bounds the memory of a RefBook: four million rows.
const refBytes = 64 << 20

// NewRefBook makes a RefBook.
func NewRefBook(shelf RefShelf, keys *fingerprint.Keys) *RefBook {
	return &RefBook{shelf: shelf, keys: keys, now: time.Now, known: newRefCache(refBytes)}
}

// Earlier tells of each of the rows, which stand at those places of i, whether
// one with its client_ref came before it: in an import into the same account
// that was sealed earlier, or further up in i itself. Of several the last counts
// that did not fail, for it tells what the CRM holds; else the last.
func (b *RefBook) Earlier(ctx context.Context, i Import, at []Place, rows []Row) ([]Prior, error) {
	priors := make([]Prior, len(rows))
	if i.Refs == 0 || !slices.ContainsFunc(rows, func(r Row) bool { return r.ClientRef != "" }) {
		return priors, nil
	}
	key, err := b.keys.For(ctx, i.Tenant)
	if err != nil {
		return nil, err
	}
	list, err := b.earlier(ctx, i)
	if err != nil {
		return nil, err
	}
	q := &refSearch{RefBook: b, ctx: ctx, imp: i, at: at, rows: rows, priors: priors, read: map[blockName][]Outcome{}}
	for k, r := range rows {
		if r.ClientRef != "" {
			q.wanted = append(q.wanted, wantedRef{key.Of(fingerprint.ClientRef, r.ClientRef), k})
		}
	}
	for _, other := range list { // the last one first
		if err := q.in(other); err != nil {
			return nil, err
		}
	}
	return priors, nil
}

// earlier lists the imports in which a row can have come before those of i, i
// itself first and then the last one.
func (b *RefBook) earlier(ctx context.Context, i Import) ([]Import, error) {
	all, err := b.known.list(i.Tenant+"\x00"+i.AccountID, b.now(), func() ([]Import, error) {
		return b.shelf.WithRefs(ctx, i.Tenant, i.AccountID)
	})
	if err != nil {
		return nil, err
	}
	order := func(a, b Import) int { return cmp.Or(a.SealedAt.Compare(b.SealedAt), cmp.Compare(a.ID, b.ID)) }
	list := []Import{i}
	for _, other := range all {
		if other.ID != i.ID && order(other, i) < 0 {
			list = append(list, other)
		}
	}
	slices.SortFunc(list, func(a, b Import) int { return order(b, a) })
	return list, nil
}

// refSearch is one search for a few rows.
type refSearch struct {
	*RefBook
	ctx    context.Context
	imp    Import
	at     []Place
	rows   []Row
	wanted []wantedRef
	priors []Prior
	read   map[blockName][]Outcome
}

type wantedRef struct {
	print fingerprint.Print
	row   int
}

type blockName struct {
	id    string
	block int
}

// in looks into one import.
func (q *refSearch) in(other Import) error {
	left := slices.ContainsFunc(q.wanted, func(w wantedRef) bool { return !decisive(q.priors[w.row]) })
	if !left {
		return nil
	}
	return q.entries(q.ctx, other, func(find func(fingerprint.Print) []Place) error {
		for _, w := range q.wanted {
			if decisive(q.priors[w.row]) {
				continue
			}
			places := find(w.print)
			slices.SortFunc(places, func(a, b Place) int { return b.compare(a) })
			for _, p := range places {
				if err := q.consider(w.row, other, p); err != nil {
					return err
				}
				if decisive(q.priors[w.row]) {
					break
				}
			}
		}
		return nil
	})
}

func (p Place) compare(o Place) int {
	return cmp.Or(cmp.Compare(p.Block, o.Block), cmp.Compare(p.Index, o.Index))
}

// decisive says whether an earlier row tells what the CRM holds: one that failed
// leaves the word to those before it.
func decisive(p Prior) bool { return p.Found && !(p.Result != nil && writtenNothing(p.Result.Status)) }

func writtenNothing(s RowStatus) bool { return s == RowFailed || s == RowCancelled }

// consider holds a candidate against the row that it may have come before.
func (q *refSearch) consider(row int, other Import, at Place) error {
	within := other.ID == q.imp.ID
	if within && at.compare(q.at[row]) >= 0 {
		return nil
	}
	o, err := q.outcome(other, at)
	if err != nil || o == nil || o.ClientRef != q.rows[row].ClientRef {
		return err
	}
	p := Prior{Found: true, Within: within, Place: at, Import: other.ID, Line: o.Line, Same: q.same(row, other, *o)}
	if o.Status != RowPending {
		p.Result = &o.Result
	}
	if !q.priors[row].Found || decisive(p) {
		q.priors[row] = p
	}
	return nil
}

// same says whether an earlier row was to write what the row is to write.
func (q *refSearch) same(row int, other Import, o Outcome) bool {
	r, digest := q.rows[row], o.Digest
	if digest == "" && o.Row != nil {
		digest = DigestOf(*o.Row)
	}
	return digest == DigestOf(r) && (r.Input.Workspace != "" || q.imp.Workspace == other.Workspace)
}

// outcome reads one row of another import, nil where it is gone. A block is read
// once for all rows that are looked for, and remembered where it cannot change.
func (q *refSearch) outcome(other Import, at Place) (*Outcome, error) {
	name := blockName{other.ID, at.Block}
	list, ok := q.read[name]
	if !ok {
		var err error
		if list, err = q.results(q.ctx, other, at.Block); err != nil {
			return nil, err
		}
		q.read[name] = list
	}
	k := slices.IndexFunc(list, func(o Outcome) bool { return o.Index == at.Index })
	if k < 0 {
		return nil, nil
	}
	return &list[k], nil
}

func (b *RefBook) results(ctx context.Context, i Import, block int) ([]Outcome, error) {
	name := blockName{i.ID, block}
	if list, ok := b.known.block(name, b.now()); ok {
		return list, nil
	}
	now, err := b.shelf.Load(ctx, i.ID) // the list is not of this very moment
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := b.shelf.Results(ctx, now, block)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err == nil && now.Status.Terminal() {
		b.known.keepBlock(name, list, b.now())
	}
	return list, err
}
