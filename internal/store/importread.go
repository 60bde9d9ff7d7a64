package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/imports"
	"crmferry/internal/lua"
)

// Get gives a tenant's import; ErrNotFound also for other tenants'.
func (s *Imports) Get(ctx context.Context, tenant, id string) (imports.Import, error) {
	i, err := s.Load(ctx, id)
	if err == nil && i.Tenant != tenant {
		return imports.Import{}, imports.ErrNotFound
	}
	return i, err
}

// importWalk is one reading through an index of imports, newest first.
type importWalk struct {
	key      string
	from, to string
	after    *position
}

// List lists a tenant's imports, the newest first. Pages stay as they are while
// others are added.
func (s *Imports) List(ctx context.Context, tenant string, f imports.Filter) (imports.Page, error) {
	var page imports.Page
	w, err := importWalkOf(tenant, f)
	if err != nil {
		return page, err
	}
	for scanned := 0; ; {
		places, err := s.step(ctx, w, max(f.Limit+1, 50))
		if err != nil || len(places) == 0 {
			return page, err
		}
		found, err := s.load(ctx, places)
		if err != nil {
			return page, err
		}
		for k, i := range found {
			if i == nil || i.Tenant != tenant || !f.Match(*i) {
				continue
			}
			if len(page.Imports) == f.Limit {
				page.Next = w.after.cursor()
				return page, nil
			}
			page.Imports = append(page.Imports, *i)
			w.after = &places[k]
		}
		w.after = &places[len(places)-1]
		if scanned += len(places); scanned >= maxScan {
			page.Next = w.after.cursor()
			return page, nil
		}
	}
}

func importWalkOf(tenant string, f imports.Filter) (importWalk, error) {
	w := importWalk{key: importsByTenant(tenant), from: "-inf", to: "+inf"}
	if f.AccountID != "" {
		w.key = importsByAccount(f.AccountID)
	}
	if !f.CreatedAfter.IsZero() {
		w.from = strconv.FormatInt(f.CreatedAfter.UnixMilli(), 10)
	}
	if !f.CreatedBefore.IsZero() {
		w.to = "(" + strconv.FormatInt(f.CreatedBefore.UnixMilli(), 10)
	}
	if f.Cursor == "" {
		return w, nil
	}
	p, err := parseCursor(f.Cursor)
	w.after = &p
	return w, err
}

// step gives the next n places of the walk, after a few more than n, for those
// at the cursor's very millisecond that come again.
func (s *Imports) step(ctx context.Context, w importWalk, n int) ([]position, error) {
	to := w.to
	if w.after != nil {
		to = strconv.FormatInt(w.after.ms, 10)
	}
	list, err := s.redis.ZRevRangeByScoreWithScores(ctx, w.key, &redis.ZRangeBy{Min: w.from, Max: to, Count: int64(n) + 100}).Result()
	if err != nil {
		return nil, err
	}
	var places []position
	for _, z := range list {
		p := position{int64(z.Score), z.Member.(string)}
		if w.after == nil || cmp.Or(cmp.Compare(p.ms, w.after.ms), cmp.Compare(p.id, w.after.id)) < 0 {
			places = append(places, p)
		}
	}
	return places[:min(n, len(places))], nil
}

// load reads the imports at the places; nil where there is no record, or not yet.
func (s *Imports) load(ctx context.Context, places []position) ([]*imports.Import, error) {
	names, pipe := importFields(), s.redis.Pipeline()
	replies := make([]*redis.SliceCmd, len(places))
	for k, p := range places {
		tag, _ := tagOf(p.id)
		replies[k] = pipe.HMGet(ctx, tag.record(), names...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	found := make([]*imports.Import, len(places))
	for k, reply := range replies {
		h := zip(names, reply.Val())
		if h["v"] == "" {
			continue
		}
		i, err := decodeImport(h)
		if err != nil {
			return nil, err
		}
		found[k] = &i
	}
	return found, nil
}

// readBlockScript gives the results of a block and its rows as they lie at one
// moment: a block may be packed at any time.
// KEYS packed results, results, rows   Returns {packed or "", flat hash, rows or ""}.
var readBlockScript = lua.Upkeep(`
local packed = redis.call('GET', KEYS[1])
return {packed or '', packed and {} or redis.call('HGETALL', KEYS[2]), redis.call('GET', KEYS[3]) or ''}
`)

// Results gives the results of a block in the order of the file, with the rows
// that they are of as far as they are kept; those without a result yet are
// pending, or cancelled.
func (s *Imports) Results(ctx context.Context, i imports.Import, block int) ([]imports.Outcome, error) {
	tag, _ := tagOf(i.ID)
	got, err := readBlockScript.Run(ctx, s.redis, []string{tag.results(block), tag.out(block), tag.block(block)}).Slice()
	if err != nil {
		return nil, err
	}
	packed, _ := got[0].(string)
	raw, _ := got[2].(string)
	var rows []imports.Row
	if raw != "" {
		if rows, err = imports.Unpack[imports.Row]([]byte(raw)); err != nil {
			return nil, err
		}
	}
	switch {
	case packed != "":
		return done([]byte(packed), rows)
	case len(rows) > 0:
		return underWay(i, pairs(got[1]), rows)
	default:
		return nil, imports.ErrNotFound // it went while it was read
	}
}

// done reads a block that was packed.
func done(packed []byte, left []imports.Row) ([]imports.Outcome, error) {
	results, err := imports.Unpack[imports.Result](packed)
	if err != nil {
		return nil, err
	}
	kept := map[int]*imports.Row{}
	for k := range left {
		kept[left[k].Index] = &left[k]
	}
	list := make([]imports.Outcome, len(results))
	for k, r := range results {
		list[k] = imports.Outcome{Result: r, Row: kept[r.Index]}
	}
	return list, nil
}

// underWay reads a block of which rows are still to come.
func underWay(i imports.Import, out map[string]string, rows []imports.Row) ([]imports.Outcome, error) {
	status := imports.RowPending
	if i.Status == imports.Cancelled {
		status = imports.RowCancelled
	}
	list := make([]imports.Outcome, len(rows))
	for k := range rows {
		r := &list[k]
		raw, settled := out[strconv.Itoa(k)]
		if !settled {
			r.Result = imports.Result{Index: k, Line: rows[k].Line, ClientRef: rows[k].ClientRef, Status: status, Metadata: rows[k].Metadata}
		} else if err := unmarshal(raw, &r.Result); err != nil {
			return nil, err
		}
		if r.Status != imports.RowSucceeded && r.Status != imports.RowSkipped {
			r.Row = &rows[k] // the others go with their block
		}
	}
	return list, nil
}

// Delete removes an import that is over, and everything about it.
func (s *Imports) Delete(ctx context.Context, i imports.Import) error {
	if !i.Status.Terminal() {
		return imports.ErrState
	}
	if i.Status == imports.Failed { // its record does not tell how many blocks there are
		if err := s.forgetRows(ctx, i); err != nil {
			return err
		}
	}
	tag, _ := tagOf(i.ID)
	pipe := s.redis.Pipeline()
	keys := []string{tag.sizes(), tag.slices(), tag.rows()}
	for n := range i.Blocks {
		keys = append(keys, tag.block(n), tag.out(n), tag.results(n))
		for _, c := range columns() {
			keys = append(keys, tag.column(c, n))
		}
	}
	for part := range slices.Chunk(keys, 500) {
		pipe.Unlink(ctx, part...)
	}
	pipe.Unlink(ctx, tag.record()) // last: what is left of a break is found by it
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	if err := s.keepKey(ctx, i, 0); err != nil {
		return err
	}
	for _, key := range []string{importsByTenant(i.Tenant), importsByAccount(i.AccountID), openImports()} {
		if err := s.redis.ZRem(ctx, key, i.ID).Err(); err != nil {
			return err
		}
	}
	return nil
}

// Prune takes imports off the indexes of a tenant and an account that are past
// any retention.
func (s *Imports) Prune(ctx context.Context, i imports.Import) error {
	before := strconv.FormatInt(time.Now().Add(-longestOpen-s.opts.ResultTTL).UnixMilli(), 10)
	for _, key := range []string{importsByTenant(i.Tenant), importsByAccount(i.AccountID)} {
		if err := s.redis.ZRemRangeByScore(ctx, key, "-inf", before).Err(); err != nil {
			return err
		}
	}
	return nil
}
