package store

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/imports"
)

// WithRefs lists the tenant's imports into an account that are sealed and have
// rows with a client_ref, without their reports.
func (s *Imports) WithRefs(ctx context.Context, tenant, account string) ([]imports.Import, error) {
	ids, err := s.redis.ZRevRange(ctx, importsByAccount(account), 0, -1).Result()
	if err != nil {
		return nil, err
	}
	names := importFields()
	pipe := s.redis.Pipeline()
	var replies []*redis.SliceCmd
	for _, id := range ids {
		if tag, ok := tagOf(id); ok {
			replies = append(replies, pipe.HMGet(ctx, tag.record(), names...))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil && len(replies) > 0 {
		return nil, err
	}
	var list []imports.Import
	for _, reply := range replies {
		h := zip(names, reply.Val())
		if h["v"] == "" || h["t"] != tenant {
			continue
		}
		i, err := decodeImport(h)
		if err != nil {
			return nil, err
		}
		if i.Refs > 0 && !i.SealedAt.IsZero() {
			i.Content = imports.Content{Blocks: i.Blocks, Rows: i.Rows, Refs: i.Refs, SealedAt: i.SealedAt}
			list = append(list, i)
		}
	}
	return list, nil
}

// Columns gives a column of some blocks of an import, nil for those that have
// none.
func (s *Imports) Columns(ctx context.Context, id, name string, blocks []int) ([][]byte, error) {
	tag, ok := tagOf(id)
	if !ok {
		return nil, imports.ErrNotFound
	}
	pipe := s.redis.Pipeline()
	replies := make([]*redis.StringCmd, len(blocks))
	for k, n := range blocks {
		replies[k] = pipe.Get(ctx, tag.column(name, n))
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	out := make([][]byte, len(blocks))
	for k, reply := range replies {
		packed, err := reply.Bytes()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, err
		}
		out[k] = packed
	}
	return out, nil
}
