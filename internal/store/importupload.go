package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/fault"
	"crmferry/internal/imports"
	"crmferry/internal/job"
	"crmferry/internal/lua"
)

const uploadHold = 30 * time.Second

// beginImportScript stores the record of an upload.
// KEYS import   ARGV version, tenant, base, hold ms
var beginImportScript = lua.Intake(luaNow + `
redis.call('HSET', KEYS[1], 'v', ARGV[1], 't', ARGV[2], 's', 'receiving', 'base', ARGV[3], 'lease', now() + ARGV[4])
return 1
`)

// lookScript has somebody look at an import.
// KEYS open imports   ARGV import, in ms
var lookScript = lua.Intake(luaNow + `
return redis.call('ZADD', KEYS[1], now() + ARGV[2], ARGV[1])
`)

// Begin notes an import whose rows are about to come. The indexes come first: an
// entry without its record is passed over.
func (s *Imports) Begin(ctx context.Context, b imports.Base) error {
	tag, ok := tagOf(b.ID)
	if !ok {
		return errors.New("store: not an import id")
	}
	base, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if err := lookScript.Run(ctx, s.redis, []string{openImports()}, b.ID, s.opts.UploadHold.Milliseconds()).Err(); err != nil {
		return s.unlisted(ctx, b, err)
	}
	at := redis.Z{Score: float64(b.CreatedAt.UnixMilli()), Member: b.ID}
	for _, key := range []string{importsByTenant(b.Tenant), importsByAccount(b.AccountID)} {
		if err := s.redis.ZAdd(ctx, key, at).Err(); err != nil {
			return s.unlisted(ctx, b, err)
		}
	}
	err = beginImportScript.Run(ctx, s.redis, []string{tag.record()}, imports.Version, b.Tenant, base, s.opts.UploadHold.Milliseconds()).Err()
	if errors.Is(full(err), job.ErrFull) {
		return s.unlisted(ctx, b, err)
	}
	return err
}

// unlisted takes an upload off the indexes that could not be begun.
func (s *Imports) unlisted(ctx context.Context, b imports.Base, why error) error {
	ctx = context.WithoutCancel(ctx)
	err := full(why)
	for _, key := range []string{openImports(), importsByTenant(b.Tenant), importsByAccount(b.AccountID)} {
		err = errors.Join(err, s.redis.ZRem(ctx, key, b.ID).Err())
	}
	return err
}

// luaReceiving is the condition of all writes of an upload.
const luaReceiving = luaNow + `
local h = redis.call('HMGET', KEYS[1], 's', 'c')
if h[1] ~= 'receiving' or h[2] == '1' then return 0 end
`

// holdImportScript says that an upload is still under way.
// KEYS import   ARGV hold ms
var holdImportScript = lua.Upkeep(luaReceiving + `
redis.call('HSET', KEYS[1], 'lease', now() + ARGV[1])
return 1
`)

// Hold says that an upload is still under way.
func (s *Imports) Hold(ctx context.Context, id string) error {
	tag, _ := tagOf(id)
	return superseded(holdImportScript.Run(ctx, s.redis, []string{tag.record()}, s.opts.UploadHold.Milliseconds()).Int())
}

// superseded turns a script's 0 into ErrStale.
func superseded(n int, err error) error {
	if err == nil && n == 0 {
		return imports.ErrStale
	}
	return full(err)
}

// putBlockScript stores the next block.
// KEYS import, block, sizes, columns...   ARGV hold ms, packed, rows, block, columns...
var putBlockScript = lua.Intake(luaReceiving + `
redis.call('HSET', KEYS[1], 'lease', now() + ARGV[1])
redis.call('SET', KEYS[2], ARGV[2])
for i = 4, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1]) end
-- A client that tries again after a lost answer does not add it twice.
if redis.call('LLEN', KEYS[3]) == tonumber(ARGV[4]) then redis.call('RPUSH', KEYS[3], ARGV[3]) end
return 1
`)

// PutBlock stores the next block of an upload.
func (s *Imports) PutBlock(ctx context.Context, id string, block, rows int, packed []byte, cols map[string][]byte) error {
	tag, _ := tagOf(id)
	keys, args := []string{tag.record(), tag.block(block), tag.sizes()}, []any{s.opts.UploadHold.Milliseconds(), packed, rows, block}
	for _, name := range columns() {
		if len(cols[name]) > 0 {
			keys, args = append(keys, tag.column(name, block)), append(args, cols[name])
		}
	}
	return superseded(putBlockScript.Run(ctx, s.redis, keys, args...).Int())
}

// sealScript completes an upload.
// KEYS import, sizes   ARGV status, content, generation, max failed (empty: the rule, off: none), stop after, blocks
// Returns 0 also when a change of the master has lost blocks.
var sealScript = lua.Intake(luaReceiving + `
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[6]) then return 0 end
redis.call('HSET', KEYS[1], 's', ARGV[1], 'content', ARGV[2], 'gen', ARGV[3], 'mf', ARGV[4], 'sa', ARGV[5])
redis.call('HDEL', KEYS[1], 'lease')
return 1
`)

// Seal completes an upload, all at once. An answer that was lost does not keep
// it from being sealed: asked again it says so.
func (s *Imports) Seal(ctx context.Context, i imports.Import) error {
	tag, _ := tagOf(i.ID)
	content, err := json.Marshal(i.Content)
	if err != nil {
		return err
	}
	var rule any = ""
	if i.MaxFailed != nil {
		if rule = *i.MaxFailed; *i.MaxFailed == 0 {
			rule = "off"
		}
	}
	err = superseded(sealScript.Run(ctx, s.redis, []string{tag.record(), tag.sizes()}, string(i.Status), content, i.Generation, rule, i.StopAfter, i.Blocks).Int())
	if errors.Is(err, imports.ErrStale) {
		if now, lost := s.Load(ctx, i.ID); lost == nil && now.Fingerprint == i.Fingerprint && !now.SealedAt.IsZero() {
			return nil
		}
	}
	return err
}

// failScript ends an upload that was not completed; with a limit, only one that
// nobody has said for so long is under way.
// KEYS import   ARGV error, ttl ms, 1: abandoned ones alone
var failScript = lua.Upkeep(luaNow + `
local h = redis.call('HMGET', KEYS[1], 's', 'lease')
if h[1] ~= 'receiving' then return 0 end
if ARGV[3] == '1' and now() < tonumber(h[2] or 0) then return 0 end
redis.call('HSET', KEYS[1], 's', 'failed', 'error', ARGV[1], 'finished', now())
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`)

// Fail ends an upload that was not completed, and forgets its rows.
func (s *Imports) Fail(ctx context.Context, i imports.Import, f *fault.Error) error {
	_, err := s.fail(ctx, i, f, "0")
	return err
}

// Abandon fails an upload of which nothing was heard for long, if that is so
// still.
func (s *Imports) Abandon(ctx context.Context, i imports.Import) error {
	why := context.Canceled
	if i.CancelRequested {
		why = imports.ErrStale
	}
	_, err := s.fail(ctx, i, imports.FaultOf(why), "1")
	return err
}

func (s *Imports) fail(ctx context.Context, i imports.Import, f *fault.Error, abandoned string) (bool, error) {
	tag, _ := tagOf(i.ID)
	raw, err := json.Marshal(f)
	if err != nil {
		return false, err
	}
	n, err := failScript.Run(ctx, s.redis, []string{tag.record()}, raw, s.opts.ResultTTL.Milliseconds(), abandoned).Int()
	if err != nil || n == 0 {
		return false, err
	}
	if err := s.tell(ctx, i, string(imports.Failed)); err != nil {
		return true, err
	}
	return true, s.forgetRows(ctx, i)
}

// forgetRows removes what an upload has stored, and takes it off the list of
// open imports.
func (s *Imports) forgetRows(ctx context.Context, i imports.Import) error {
	tag, _ := tagOf(i.ID)
	n, err := s.redis.LLen(ctx, tag.sizes()).Result()
	if err != nil {
		return err
	}
	var keys []string
	for b := range int(n) {
		keys = append(keys, tag.block(b))
		for _, c := range columns() {
			keys = append(keys, tag.column(c, b))
		}
	}
	pipe := s.redis.Pipeline()
	for part := range slices.Chunk(keys, 500) {
		pipe.Unlink(ctx, part...)
	}
	pipe.Unlink(ctx, tag.sizes()) // last: what is left of a break is found by it
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	return s.redis.ZRem(ctx, openImports(), i.ID).Err()
}

// takeKeyScript gives an idempotency key to an import, unless another has it
// than the one that was seen with it.
// KEYS key   ARGV import, the one that was seen, ttl ms
var takeKeyScript = lua.Intake(`
local has = redis.call('GET', KEYS[1]) or ''
if has ~= ARGV[2] and has ~= ARGV[1] then return has end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return ARGV[1]
`)

// TakeKey gives an idempotency key to an import in place of the one that was
// seen with it, "" for none, and tells which import has it now.
func (s *Imports) TakeKey(ctx context.Context, digest, id, seen string) (string, error) {
	has, err := takeKeyScript.Run(ctx, s.redis, []string{importKey(digest)}, id, seen, longestOpen.Milliseconds()).Text()
	return has, full(err)
}

// keepKeyScript has a key go when its import does, if it still is that import's.
// KEYS key   ARGV import, ttl ms
var keepKeyScript = lua.Upkeep(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`)

// keepKey has the idempotency key of an import go after ttl.
func (s *Imports) keepKey(ctx context.Context, i imports.Import, ttl time.Duration) error {
	if i.Idem == "" {
		return nil
	}
	return keepKeyScript.Run(ctx, s.redis, []string{importKey(i.Idem)}, i.ID, ttl.Milliseconds()).Err()
}

// KeyOf gives the import that an idempotency key belongs to, "" for none.
func (s *Imports) KeyOf(ctx context.Context, digest string) (string, error) {
	id, err := s.redis.Get(ctx, importKey(digest)).Result()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return id, err
}

// Held says whether somebody is about to complete an upload.
func (s *Imports) Held(ctx context.Context, id string) (bool, error) {
	tag, _ := tagOf(id)
	pipe := s.redis.Pipeline()
	lease, clock := pipe.HMGet(ctx, tag.record(), "s", "lease"), pipe.Time(ctx)
	if _, err := pipe.Exec(ctx); err != nil {
		return false, err
	}
	h := zip([]string{"s", "lease"}, lease.Val())
	return h["s"] == "receiving" && int64(number(h["lease"])) > clock.Val().UnixMilli(), nil
}
