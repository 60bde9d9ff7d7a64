package store

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// OpenCount is the number of jobs that are not over.
func (s *Store) OpenCount(ctx context.Context) (int64, error) {
	open, _, err := s.Counts(ctx)
	return open, err
}

// TenantOpen is the number of a tenant's jobs that are not over.
func (s *Store) TenantOpen(ctx context.Context, tenant string) (int64, error) {
	pipe := s.redis.Pipeline()
	counts := make([]*redis.StringCmd, len(s.shards))
	for i, sh := range s.shards {
		counts[i] = pipe.HGet(ctx, sh.openByTenant(), tenant)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return 0, err
	}
	var sum int64
	for _, c := range counts {
		n, err := c.Int64()
		if err != nil && !errors.Is(err, redis.Nil) { // nil: none was ever there
			return 0, err
		}
		sum += n
	}
	return max(sum, 0), nil
}

// Counts tells how many jobs are not over, and how many have ended since ever.
func (s *Store) Counts(ctx context.Context) (open, ended int64, err error) {
	pipe := s.redis.Pipeline()
	opens, ends := make([]*redis.IntCmd, len(s.shards)), make([]*redis.StringCmd, len(s.shards))
	for i, sh := range s.shards {
		opens[i], ends[i] = pipe.ZCard(ctx, sh.open()), pipe.Get(ctx, sh.ends())
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return 0, 0, err
	}
	for i := range s.shards {
		n, err := ends[i].Int64()
		if err != nil && !errors.Is(err, redis.Nil) { // nil: none has ended there
			return 0, 0, err
		}
		open, ended = open+opens[i].Val(), ended+n
	}
	return open, ended, nil
}
