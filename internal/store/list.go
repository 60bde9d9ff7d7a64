package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/job"
)

// maxScan bounds how many records one page may read through to find matches.
const maxScan = 5_000

// position is a place in a list: by time, then by id.
type position struct {
	ms int64
	id string
}

func (p position) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%s", p.ms, p.id))
}

func parseCursor(text string) (position, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	ms, id, ok := strings.Cut(string(raw), ".")
	n, err2 := strconv.ParseInt(ms, 10, 64)
	if err != nil || err2 != nil || !ok {
		return position{}, job.ErrCursor
	}
	return position{n, id}, nil
}

// walk is one reading through the shards' indexes in order.
type walk struct {
	key      func(shard) string
	forward  bool // oldest first
	from, to int64
	after    *position
}

// List gives one page of a tenant's jobs, newest first; with FinishedAfter the
// finished ones, oldest end first.
func (s *Store) List(ctx context.Context, tenant string, f job.Filter) (job.Page, error) {
	w := walkOf(tenant, f)
	if f.Cursor != "" {
		p, err := parseCursor(f.Cursor)
		if err != nil {
			return job.Page{}, err
		}
		w.after = &p
	}
	var page job.Page
	for scanned := 0; ; {
		places, err := s.step(ctx, w, max(f.Limit+1, 50))
		if err != nil {
			return page, err
		}
		jobs, err := s.load(ctx, w, tenant, places)
		if err != nil {
			return page, err
		}
		for i, j := range jobs {
			if j == nil || !matches(*j, f) {
				continue
			}
			if len(page.Jobs) == f.Limit {
				page.Next = w.after.cursor()
				return page, nil
			}
			page.Jobs = append(page.Jobs, *j)
			w.after = &places[i]
		}
		if len(places) == 0 {
			return page, nil
		}
		last := places[len(places)-1]
		w.after = &last
		if scanned += len(places); scanned >= maxScan {
			page.Next = last.cursor()
			return page, nil
		}
	}
}

func walkOf(tenant string, f job.Filter) walk {
	w := walk{to: 1 << 52, key: func(sh shard) string { return sh.byTenant(tenant) }}
	switch {
	case !f.FinishedAfter.IsZero():
		w.key = func(sh shard) string { return sh.finished(tenant) }
		w.forward, w.from = true, f.FinishedAfter.UnixMilli()+1
		return w
	case f.AccountID != "":
		w.key = func(sh shard) string { return sh.byAccount(f.AccountID) }
	}
	if !f.CreatedAfter.IsZero() {
		w.from = f.CreatedAfter.UnixMilli()
	}
	if !f.CreatedBefore.IsZero() {
		w.to = f.CreatedBefore.UnixMilli() - 1
	}
	return w
}

func matches(j job.Job, f job.Filter) bool {
	within := (f.CreatedAfter.IsZero() || !j.CreatedAt.Before(f.CreatedAfter)) &&
		(f.CreatedBefore.IsZero() || j.CreatedAt.Before(f.CreatedBefore))
	return within && (f.AccountID == "" || j.AccountID == f.AccountID) &&
		(f.Status == "" || j.Status == f.Status) &&
		(f.CreatedBy == "" || j.CreatedBy == f.CreatedBy) &&
		(f.ClientRef == "" || j.ClientRef == f.ClientRef) &&
		(f.ImportID == "" || j.Import == f.ImportID)
}

// step gives the next n places of the walk, merged over all shards.
func (s *Store) step(ctx context.Context, w walk, n int) ([]position, error) {
	pipe := s.redis.Pipeline()
	replies := make([]*redis.ZSliceCmd, len(s.shards))
	by := w.rangeBy(n)
	for i, sh := range s.shards {
		if w.forward {
			replies[i] = pipe.ZRangeByScoreWithScores(ctx, w.key(sh), by)
		} else {
			replies[i] = pipe.ZRevRangeByScoreWithScores(ctx, w.key(sh), by)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	var places []position
	for _, reply := range replies {
		for _, z := range reply.Val() {
			if p := (position{int64(z.Score), z.Member.(string)}); w.beyond(p) {
				places = append(places, p)
			}
		}
	}
	slices.SortFunc(places, w.compare)
	return places[:min(n, len(places))], nil
}

// rangeBy asks for a few more than n, for the places at the cursor's very
// millisecond that come again.
func (w walk) rangeBy(n int) *redis.ZRangeBy {
	from, to := w.from, w.to
	if w.after != nil && w.forward {
		from = w.after.ms
	} else if w.after != nil {
		to = w.after.ms
	}
	return &redis.ZRangeBy{Min: strconv.FormatInt(from, 10), Max: strconv.FormatInt(to, 10), Count: int64(n) + 100}
}

func (w walk) beyond(p position) bool { return w.after == nil || w.compare(p, *w.after) > 0 }

func (w walk) compare(a, b position) int {
	order := cmp.Or(cmp.Compare(a.ms, b.ms), cmp.Compare(a.id, b.id))
	if w.forward {
		return order
	}
	return -order
}

// load reads the jobs at the places; nil where a record is past its retention,
// and then its index entry goes too.
func (s *Store) load(ctx context.Context, w walk, tenant string, places []position) ([]*job.Job, error) {
	pipe := s.redis.Pipeline()
	replies := make([]*redis.SliceCmd, len(places))
	for i, p := range places {
		sh, _ := shardOf(p.id)
		replies[i] = pipe.HMGet(ctx, sh.job(p.id), jobFields...)
	}
	if _, err := pipe.Exec(ctx); err != nil && len(places) > 0 {
		return nil, err
	}
	jobs := make([]*job.Job, len(places))
	gone := s.redis.Pipeline()
	for i, reply := range replies {
		h := zip(jobFields, reply.Val())
		if h["v"] == "" {
			sh, _ := shardOf(places[i].id)
			gone.ZRem(ctx, w.key(sh), places[i].id)
			continue
		}
		if h["t"] != tenant {
			continue
		}
		j, err := decodeJob(h)
		if err != nil {
			return nil, err
		}
		jobs[i] = &j
	}
	if gone.Len() > 0 {
		if _, err := gone.Exec(ctx); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}
