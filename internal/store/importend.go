package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/imports"
	"crmferry/internal/lua"
)

// compact packs the results of a block that is done, and keeps of its rows those
// that did not succeed.
func (s *Imports) compact(ctx context.Context, id string, block int) error {
	tag, _ := tagOf(id)
	all, err := s.redis.HGetAll(ctx, tag.out(block)).Result()
	if err != nil || len(all) == 0 {
		return err
	}
	results := make([]imports.Result, 0, len(all))
	for _, raw := range all {
		var r imports.Result
		if err := unmarshal(raw, &r); err != nil {
			return err
		}
		results = append(results, r)
	}
	slices.SortFunc(results, func(a, b imports.Result) int { return a.Index - b.Index })
	packed, err := imports.Pack(s.codec, results)
	if err != nil {
		return err
	}
	left, err := s.leftOf(ctx, id, block, results)
	if err != nil {
		return err
	}
	remote, err := s.remoteIDs(ctx, id, results)
	if err != nil {
		return err
	}
	return compactScript.Run(ctx, s.redis,
		[]string{tag.record(), tag.out(block), tag.results(block), tag.block(block), tag.column(imports.RemoteColumn, block)},
		len(results), packed, left, remote).Err()
}

// remoteIDs is the column of the remote ids of a block that is done.
func (s *Imports) remoteIDs(ctx context.Context, id string, results []imports.Result) ([]byte, error) {
	if s.prints == nil {
		return nil, nil
	}
	tag, _ := tagOf(id)
	tenant, err := s.redis.HGet(ctx, tag.record(), "t").Result()
	if err != nil {
		return nil, err
	}
	key, err := s.prints.For(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return imports.RemoteIDs(key, results), nil
}

// leftOf packs the rows of a block that did not succeed, nil for none.
func (s *Imports) leftOf(ctx context.Context, id string, block int, results []imports.Result) ([]byte, error) {
	lost := func(r imports.Result) bool { return r.Status != imports.RowSucceeded && r.Status != imports.RowSkipped }
	if !slices.ContainsFunc(results, lost) {
		return nil, nil
	}
	rows, err := s.Block(ctx, id, block)
	if err != nil {
		return nil, err
	}
	var left []imports.Row
	for _, r := range results {
		if lost(r) && r.Index < len(rows) {
			row := rows[r.Index]
			row.Index = r.Index
			left = append(left, row)
		}
	}
	return imports.Pack(s.codec, left)
}

// amend gives a row that ended unknown the success of which there is proof now.
func (s *Imports) amend(ctx context.Context, tag importTag, at imports.Place, r imports.Result) error {
	keys := []string{tag.record(), tag.out(at.Block), tag.results(at.Block), tag.column(imports.RemoteColumn, at.Block)}
	raw, err := encoded(r)
	if err != nil {
		return err
	}
	if n, err := amendScript.Run(ctx, s.redis, keys, at.Index, raw, "", "", "").Int(); n == 1 || err != nil {
		return err
	}
	for range 5 {
		old, err := s.redis.Get(ctx, tag.results(at.Block)).Bytes()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err != nil {
			return err
		}
		results, err := imports.Unpack[imports.Result](old)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(results, func(o imports.Result) bool { return o.Index == at.Index })
		if i < 0 || results[i].Status != imports.RowUnknown {
			return nil
		}
		o := &results[i]
		o.Status, o.Outcome, o.RemoteID, o.Error, o.Warnings = r.Status, r.Outcome, r.RemoteID, nil, r.Warnings
		packed, err := imports.Pack(s.codec, results)
		if err != nil {
			return err
		}
		remote, err := s.remoteIDs(ctx, importPrefix+string(tag), results)
		if err != nil {
			return err
		}
		if n, err := amendScript.Run(ctx, s.redis, keys, at.Index, "", old, packed, remote).Int(); n == 1 || err != nil {
			return err
		}
	}
	return imports.ErrStale
}

// End ends an import of which nothing is under way any more, and tells whether
// it is over.
func (s *Imports) End(ctx context.Context, i imports.Import) (imports.Status, error) {
	tag, _ := tagOf(i.ID)
	got, err := endScript.Run(ctx, s.redis, []string{tag.record(), tag.slices(), tag.rows(), tag.sizes()}, i.Rows).Text()
	if errors.Is(err, redis.Nil) {
		return "", imports.ErrNotFound
	}
	status := imports.Status(got)
	if err != nil || !status.Terminal() {
		return status, err
	}
	// Told first: until it has retired, whoever looks at it tells of it again.
	if err := s.tell(ctx, i, string(status)); err != nil {
		return status, err
	}
	if status == imports.Failed { // whoever failed it did not come to the end of that
		return status, s.forgetRows(ctx, i)
	}
	return status, s.retire(ctx, i)
}

// tell puts into the outbox what happened to an import.
func (s *Imports) tell(ctx context.Context, i imports.Import, what string) error {
	sh := shardFor(i.ID)
	if i.CallbackURL == "" {
		if n, err := s.redis.Exists(ctx, sh.hooked(i.Tenant)).Result(); n == 0 || err != nil {
			return err
		}
	}
	return tellScript.Run(ctx, s.redis, []string{sh.outbox()}, i.ID+":"+what).Err()
}

// retire sets when everything about an import that is over goes, and takes it
// from those that somebody has to look after.
func (s *Imports) retire(ctx context.Context, i imports.Import) error {
	tag, _ := tagOf(i.ID)
	pipe := s.redis.Pipeline()
	expire := func(keys ...string) {
		for _, key := range keys {
			pipe.PExpire(ctx, key, s.opts.ResultTTL)
		}
	}
	expire(tag.record(), tag.sizes(), tag.slices(), tag.rows())
	for n := range i.Blocks {
		expire(tag.block(n), tag.out(n), tag.results(n))
		for _, c := range columns() {
			expire(tag.column(c, n))
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	if err := s.keepKey(ctx, i, s.opts.ResultTTL); err != nil {
		return err
	}
	if err := s.Prune(ctx, i); err != nil {
		return err
	}
	return s.redis.ZRem(ctx, openImports(), i.ID).Err()
}

// columns are the names of the columns of fingerprints: e-mails, phones,
// client_ref and remote ids.
func columns() []string {
	return []string{imports.EmailColumn, imports.PhoneColumn, imports.RefColumn, imports.RemoteColumn}
}

// spawnedScript notes that the turns of a generation were made.
// KEYS import   ARGV generation
var spawnedScript = lua.Upkeep(`
if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'spawned', ARGV[1])
return 1
`)

// Spawned notes that the turns of a generation were made.
func (s *Imports) Spawned(ctx context.Context, id string, generation int64) error {
	tag, _ := tagOf(id)
	return spawnedScript.Run(ctx, s.redis, []string{tag.record()}, generation).Err()
}

// Unspawned says whether the turns of the import's generation may be missing.
func (s *Imports) Unspawned(ctx context.Context, i imports.Import) (bool, error) {
	tag, _ := tagOf(i.ID)
	spawned, err := s.redis.HGet(ctx, tag.record(), "spawned").Int64()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return spawned != i.Generation, err
}

// dueImportsScript lists open imports that somebody has to look at, and has the
// others leave them alone for a while.
// KEYS open imports   ARGV limit, for how long ms
var dueImportsScript = lua.Upkeep(luaNow + `
local t = now()
local out = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', t, 'LIMIT', 0, ARGV[1])
for _, id in ipairs(out) do redis.call('ZADD', KEYS[1], t + ARGV[2], id) end
return out
`)

// Due lists imports that somebody has to look at, and is not listed again
// before rest is over.
func (s *Imports) Due(ctx context.Context, limit int, rest time.Duration) ([]string, error) {
	return dueImportsScript.Run(ctx, s.redis, []string{openImports()}, limit, rest.Milliseconds()).StringSlice()
}

// Forget takes an import from those that somebody has to look after: it has no
// record.
func (s *Imports) Forget(ctx context.Context, id string) error {
	return s.redis.ZRem(ctx, openImports(), id).Err()
}

// expireScript withdraws an import whose time is up.
// KEYS import   ARGV expires ms
var expireScript = lua.Upkeep(luaNow + `
if now() >= tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'c', '1') end
return 1
`)

// Expire withdraws an import whose time is up before it ran.
func (s *Imports) Expire(ctx context.Context, i imports.Import) error {
	tag, _ := tagOf(i.ID)
	return expireScript.Run(ctx, s.redis, []string{tag.record()}, i.ExpiresAt.UnixMilli()).Err()
}
