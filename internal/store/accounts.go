package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/account"
)

// Accounts is the account.Store in Redis.
type Accounts struct{ redis redis.UniversalClient }

// Accounts gives the part of the Store that keeps integrated accounts.
func (s *Store) Accounts() *Accounts { return &Accounts{redis: s.redis} }

// Create stores a new account; ErrExists when the id is taken by anybody.
func (a *Accounts) Create(ctx context.Context, r account.Record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = a.redis.SetArgs(ctx, accountKey(r.ID), raw, redis.SetArgs{Mode: "NX"}).Err()
	if errors.Is(err, redis.Nil) {
		return account.ErrExists
	}
	if err != nil {
		return err
	}
	return a.redis.ZAdd(ctx, accountIndex(r.Tenant), redis.Z{Score: float64(r.CreatedAt.UnixMilli()), Member: r.ID}).Err()
}

// Get gives a tenant's account.
func (a *Accounts) Get(ctx context.Context, tenant, id string) (account.Record, error) {
	raw, err := a.redis.Get(ctx, accountKey(id)).Result()
	if errors.Is(err, redis.Nil) {
		return account.Record{}, account.ErrNotFound
	}
	if err != nil {
		return account.Record{}, err
	}
	var r account.Record
	if err := unmarshal(raw, &r); err != nil {
		return account.Record{}, err
	}
	if r.Tenant != tenant {
		return account.Record{}, account.ErrNotFound
	}
	return r, nil
}

// Put replaces a record that exists.
func (a *Accounts) Put(ctx context.Context, r account.Record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = a.redis.SetArgs(ctx, accountKey(r.ID), raw, redis.SetArgs{Mode: "XX"}).Err()
	if errors.Is(err, redis.Nil) {
		return account.ErrNotFound
	}
	return err
}

// Delete removes a tenant's account.
func (a *Accounts) Delete(ctx context.Context, tenant, id string) error {
	if _, err := a.Get(ctx, tenant, id); err != nil {
		return err
	}
	if err := a.redis.Del(ctx, accountKey(id)).Err(); err != nil {
		return err
	}
	return a.redis.ZRem(ctx, accountIndex(tenant), id).Err()
}

// List gives a tenant's accounts by creation.
func (a *Accounts) List(ctx context.Context, tenant string, f account.Filter) ([]account.Record, string, error) {
	w := walk{forward: true, to: 1 << 52}
	if f.Cursor != "" {
		p, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		w.after = &p
	}
	all, err := a.redis.ZRangeByScoreWithScores(ctx, accountIndex(tenant), w.rangeBy(1<<30)).Result()
	if err != nil {
		return nil, "", err
	}
	var out []account.Record
	for _, z := range all {
		p := position{int64(z.Score), z.Member.(string)}
		if !w.beyond(p) {
			continue
		}
		r, err := a.Get(ctx, tenant, p.id)
		if errors.Is(err, account.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		if f.CRM != "" && r.CRM != f.CRM || f.ExternalRef != "" && r.ExternalRef != f.ExternalRef {
			continue
		}
		if len(out) == f.Limit {
			return out, w.after.cursor(), nil
		}
		out = append(out, r)
		w.after = &p
	}
	return out, "", nil
}

// SealCheck gives the sealed word by which a master key is recognised, and
// stores one where there is none yet.
func (a *Accounts) SealCheck(ctx context.Context, fresh []byte) ([]byte, error) {
	if err := a.redis.SetNX(ctx, sealCheckKey(), fresh, 0).Err(); err != nil {
		return nil, err
	}
	return a.redis.Get(ctx, sealCheckKey()).Bytes()
}
