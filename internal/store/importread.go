package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// Get gives a tenant's import; ErrNotFound also for other tenants'.
func (s *Imports) Get(ctx context.Context, tenant, id string) (imports.Import, error) {
	i, err := s.Load(ctx, id)
	if err == nil && i.Tenant != tenant {
		return imports.Import{}, imports.ErrNotFound
	}
	return i, err
}

// listScan is how many entries of an index one step looks at.
const listScan = 200

// List lists a tenant's imports, the newest first.
func (s *Imports) List(ctx context.Context, tenant string, f imports.Filter) (imports.Page, error) {
	key := importsByTenant(tenant)
	if f.AccountID != "" {
		key = importsByAccount(f.AccountID)
	}
	at, most := int64(0), "+inf"
	if !f.CreatedBefore.IsZero() {
		most = "(" + strconv.FormatInt(f.CreatedBefore.UnixMilli(), 10)
	}
	if f.Cursor != "" {
		ms, skip, ok := strings.Cut(f.Cursor, ".")
		n, err := strconv.ParseInt(skip, 10, 64)
		if !ok || err != nil {
			return imports.Page{}, job.ErrCursor
		}
		most, at = ms, n
	}
	least := "-inf"
	if !f.CreatedAfter.IsZero() {
		least = strconv.FormatInt(f.CreatedAfter.UnixMilli(), 10)
	}
	var p imports.Page
	for {
		list, err := s.redis.ZRevRangeByScoreWithScores(ctx, key, &redis.ZRangeBy{Min: least, Max: most, Offset: at, Count: listScan}).Result()
		if err != nil {
			return p, err
		}
		for k, z := range list {
			i, err := s.Get(ctx, tenant, z.Member.(string))
			if errors.Is(err, imports.ErrNotFound) || err == nil && !f.Match(i) {
				continue
			}
			if err != nil {
				return p, err
			}
			if p.Imports = append(p.Imports, i); len(p.Imports) == f.Limit {
				if k+1 < len(list) || len(list) == listScan {
					p.Next = most + "." + strconv.FormatInt(at+int64(k)+1, 10)
				}
				return p, nil
			}
		}
		if len(list) < listScan {
			return p, nil
		}
		at += int64(len(list))
	}
}

// Results gives the results of a block in the order of the file, with the rows
// that they are of as far as they are kept; those without a result yet are
// pending, or cancelled.
func (s *Imports) Results(ctx context.Context, i imports.Import, block int) ([]imports.Outcome, error) {
	tag, _ := tagOf(i.ID)
	for range 3 {
		pipe := s.redis.Pipeline()
		packed, out, rows := pipe.Get(ctx, tag.results(block)), pipe.HGetAll(ctx, tag.out(block)), pipe.Get(ctx, tag.block(block))
		if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		left, err := unpackRows(rows)
		if err != nil {
			return nil, err
		}
		if raw, err := packed.Bytes(); err == nil {
			return done(raw, left)
		}
		if len(left) > 0 {
			return underWay(i, out.Val(), left)
		} // it was packed meanwhile
	}
	return nil, imports.ErrNotFound
}

func unpackRows(reply *redis.StringCmd) ([]imports.Row, error) {
	raw, err := reply.Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return imports.Unpack[imports.Row](raw)
}

// done reads a block that was packed.
func done(packed []byte, left []imports.Row) ([]imports.Outcome, error) {
	results, err := imports.Unpack[imports.Result](packed)
	if err != nil {
		return nil, err
	}
	kept := map[int]*imports.Row{}
	for k := range left {
		kept[left[k].Line] = &left[k]
	}
	list := make([]imports.Outcome, len(results))
	for k, r := range results {
		list[k] = imports.Outcome{Result: r, Row: kept[r.Line]}
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
		r.Row = &rows[k]
		raw, settled := out[strconv.Itoa(k)]
		if !settled {
			r.Result = imports.Result{Index: k, Line: rows[k].Line, ClientRef: rows[k].ClientRef, Status: status, Metadata: rows[k].Metadata}
			continue
		}
		if err := unmarshal(raw, &r.Result); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Delete removes an import that is over, and everything about it.
func (s *Imports) Delete(ctx context.Context, i imports.Import) error {
	if !i.Status.Terminal() {
		return imports.ErrState
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
	if i.Idem != "" {
		if err := s.redis.Unlink(ctx, importKey(i.Idem)).Err(); err != nil {
			return err
		}
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
