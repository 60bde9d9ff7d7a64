package store

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/account"
	"crmferry/internal/lua"
)

// Accounts is the account.Store in Redis.
type Accounts struct{ redis *lua.Client }

// Accounts gives the part of the Store that keeps integrated accounts.
func (s *Store) Accounts() *Accounts { return &Accounts{redis: s.redis} }

// An account is one hash: t tenant, n version, r the record as JSON.

// createAccountScript stores a new account.
// KEYS account   ARGV tenant, version, record
var createAccountScript = lua.Intake(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 't', ARGV[1], 'n', ARGV[2], 'r', ARGV[3])
return 1
`)

// putAccountScript replaces an account that is still at a version.
// KEYS account   ARGV tenant, version, next version, record
var putAccountScript = lua.Upkeep(`
local h = redis.call('HMGET', KEYS[1], 't', 'n')
if h[1] ~= ARGV[1] then return -1 end
if h[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'n', ARGV[3], 'r', ARGV[4])
return 1
`)

// deleteAccountScript removes a tenant's account.
// KEYS account   ARGV tenant
var deleteAccountScript = lua.Upkeep(`
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`)

// Create stores a new account; ErrExists when the id is taken by anybody. The
// index comes first: an entry without its record is passed over, a record
// without its entry would never be listed.
func (a *Accounts) Create(ctx context.Context, r account.Record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	place := redis.Z{Score: float64(r.CreatedAt.UnixMilli()), Member: r.ID}
	if err := a.redis.ZAddNX(ctx, accountIndex(r.Tenant), place).Err(); err != nil {
		return full(err)
	}
	n, err := createAccountScript.Run(ctx, a.redis, []string{accountKey(r.ID)}, r.Tenant, r.Version, raw).Int()
	if err == nil && n == 0 {
		return account.ErrExists
	}
	return full(err)
}

// Get gives a tenant's account.
func (a *Accounts) Get(ctx context.Context, tenant, id string) (account.Record, error) {
	values, err := a.redis.HMGet(ctx, accountKey(id), "t", "n", "r").Result()
	if err != nil {
		return account.Record{}, err
	}
	h := zip([]string{"t", "n", "r"}, values)
	if h["r"] == "" || h["t"] != tenant {
		return account.Record{}, account.ErrNotFound
	}
	var r account.Record
	if err := unmarshal(h["r"], &r); err != nil {
		return account.Record{}, err
	}
	r.Version, err = strconv.ParseInt(h["n"], 10, 64)
	return r, err
}

// Put replaces a record that is still at its version.
func (a *Accounts) Put(ctx context.Context, r account.Record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	n, err := putAccountScript.Run(ctx, a.redis, []string{accountKey(r.ID)}, r.Tenant, r.Version, r.Version+1, raw).Int()
	switch {
	case err != nil:
		return full(err)
	case n < 0:
		return account.ErrNotFound
	case n == 0:
		return account.ErrChanged
	default:
		return nil
	}
}

// Delete removes a tenant's account.
func (a *Accounts) Delete(ctx context.Context, tenant, id string) error {
	n, err := deleteAccountScript.Run(ctx, a.redis, []string{accountKey(id)}, tenant).Int()
	if err != nil {
		return err
	}
	if n == 0 {
		return account.ErrNotFound
	}
	return a.redis.ZRem(ctx, accountIndex(tenant), id).Err()
}

// List gives a tenant's accounts by creation.
func (a *Accounts) List(ctx context.Context, tenant string, f account.Filter) ([]account.Record, string, error) {
	w := walk{forward: true, to: 1 << 52}
	if f.Cursor != "" {
		p, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", account.ErrCursor
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
// stores one where there is none yet. A full Redis gives what it has: workers
// must be able to start on it.
func (a *Accounts) SealCheck(ctx context.Context, fresh []byte) ([]byte, error) {
	kept, err := a.redis.Get(ctx, sealCheckKey()).Bytes()
	if !errors.Is(err, redis.Nil) {
		return kept, err
	}
	if err := a.redis.SetNX(ctx, sealCheckKey(), fresh, 0).Err(); err != nil {
		return nil, err
	}
	return a.redis.Get(ctx, sealCheckKey()).Bytes()
}
