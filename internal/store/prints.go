package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/fingerprint"
	"crmferry/internal/job"
	"crmferry/internal/lua"
)

// A job is found by its fingerprints: each is a member of a sorted set of its
// shard, of score 0: the Print, then the 16 bytes of the job's id. While the job
// is open they are in one set, then in that of the days in which it ended, which
// expires with the last receipt in it. So nothing has to be swept.

// printPeriod is how long ends go into one set. It is part of the sets' names.
const printPeriod = 4 * 24 * time.Hour

func periodOf(t time.Time) int64 { return t.UnixMilli() / printPeriod.Milliseconds() }

func (s shard) endedPrints(tenant string, period int64) string {
	return s.key("ended-prints:" + strconv.FormatInt(period, 10) + ":" + tenant)
}

// allPrints are the sets that can hold fingerprints at present.
func (s *Store) allPrints(sh shard, tenant string) []string {
	keys, now := []string{sh.prints(tenant)}, time.Now()
	for p := periodOf(now.Add(-max(s.opts.ReceiptTTL, s.opts.ResultTTL))); p <= periodOf(now.Add(time.Hour)); p++ {
		keys = append(keys, sh.endedPrints(tenant, p))
	}
	return keys
}

// luaPrints gives the members for a job's Prints, each after the score that
// ZADD wants where there is one.
const luaPrints = `
local function members(prints, id, score)
  local list = {}
  for i = 1, #prints, 8 do
    if score then list[#list + 1] = score end
    list[#list + 1] = string.sub(prints, i, i + 7) .. id
  end
  return list
end
`

// maxPrints bounds the fingerprints of one job: of a contact with a hundred
// addresses the first will do.
const maxPrints = 100

// printsOf are those of a job that is accepted, one after the other.
func (s *Store) printsOf(ctx context.Context, a job.Acceptance) ([]byte, error) {
	if s.prints == nil || a.Import != "" {
		return nil, nil
	}
	key, err := s.prints.For(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var list []fingerprint.Print
	if a.ClientRef != "" {
		list = append(list, key.Of(fingerprint.ClientRef, a.ClientRef))
	}
	list = append(list, key.Emails(&a.Input.Contact)...)
	list = append(list, key.Phones(&a.Input.Contact)...)
	var out []byte
	for _, p := range list[:min(len(list), maxPrints)] {
		out = append(out, p[:]...)
	}
	return out, nil
}

// endPrints are those of a job at its end: its remote id is known. That it
// cannot be found by that is no reason to lose its end.
func (s *Store) endPrints(ctx context.Context, j job.Job) []byte {
	if s.prints == nil || j.RemoteID == "" || j.Import != "" {
		return j.Prints
	}
	key, err := s.prints.For(ctx, j.Tenant)
	if err != nil {
		return j.Prints
	}
	p := key.Of(fingerprint.RemoteID, j.RemoteID)
	return append(append([]byte{}, j.Prints...), p[:]...)
}

// printID is the part of a job's id that stands in its fingerprints' members.
func printID(id string) []byte {
	raw, err := idAlphabet.DecodeString(id[len(jobPrefix)+2:])
	if err != nil {
		return nil
	}
	return raw
}

// idOf is the reverse of printID.
func (s shard) idOf(raw string) string {
	return jobPrefix + string(s) + idAlphabet.EncodeToString([]byte(raw))
}

// keepPrintKeyScript stores a tenant's sealed key, unless there is one.
// KEYS key   ARGV sealed
var keepPrintKeyScript = lua.Intake(`
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])
`)

// safe keeps the sealed keys of fingerprints. They never expire.
type safe struct{ redis *lua.Client }

// Sealed gives the tenant's sealed key, nil where there is none yet.
func (s safe) Sealed(ctx context.Context, tenant string) ([]byte, error) {
	kept, err := s.redis.Get(ctx, printKey(tenant)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return kept, err
}

// Keep stores fresh unless there is a key already, and gives what is kept.
func (s safe) Keep(ctx context.Context, tenant string, fresh []byte) ([]byte, error) {
	kept, err := keepPrintKeyScript.Run(ctx, s.redis, []string{printKey(tenant)}, fresh).Text()
	return []byte(kept), err
}

// Prints makes the fingerprints of tenants; nil where there are none.
func (s *Store) Prints() *fingerprint.Keys { return s.prints }
