package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/fingerprint"
	"crmferry/internal/job"
	"crmferry/internal/lua"
)

// A job is found by its fingerprints: each is a member of a sorted set of its
// shard, of score 0: the Print, then the 16 bytes of the job's id. There is one
// set for the jobs accepted within a few days, which expires once the last
// receipt of them must be gone. So nothing has to be swept, and an end costs
// little.

// printPeriod is for how long jobs go into one set. It is part of the sets'
// names.
const printPeriod = 4 * 24 * time.Hour

// printSlack is how long a job may be open beyond its expiry: what became of it
// is still being found out.
const printSlack = 7 * 24 * time.Hour

func periodOf(t time.Time) int64 { return t.UnixMilli() / printPeriod.Milliseconds() }

func (s shard) prints(tenant string, accepted time.Time) string {
	return s.printsOf(tenant, periodOf(accepted))
}

func (s shard) printsOf(tenant string, period int64) string {
	return s.key("prints:" + strconv.FormatInt(period, 10) + ":" + tenant)
}

// allPrints are the sets that there can be at present.
func (s *Store) allPrints(sh shard, tenant string) (keys []string) {
	now := time.Now()
	last, first := periodOf(now.Add(time.Hour)), periodOf(now.Add(-longestOpen-printSlack-s.receiptLife()))
	for p := last; p >= first; p-- {
		keys = append(keys, sh.printsOf(tenant, p))
	}
	return keys
}

// receiptLife is for how long something is known of a job that is over.
func (s *Store) receiptLife() time.Duration { return max(s.opts.ReceiptTTL, s.opts.ResultTTL) }

// printLife is for how long the fingerprints of a job must be kept from its
// acceptance on.
func (s *Store) printLife(a job.Acceptance) time.Duration {
	return max(a.ExpiresAt.Sub(a.CreatedAt), 0) + printSlack + s.receiptLife()
}

// printMembers are the members for Prints, each after the score where ZADD wants
// one.
func printMembers(id string, prints []byte, scored bool) (list []any) {
	raw := printID(id)
	for ; len(prints) >= fingerprint.Size; prints = prints[fingerprint.Size:] {
		if scored {
			list = append(list, 0)
		}
		list = append(list, slices.Concat(prints[:fingerprint.Size], raw))
	}
	return list
}

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

// remotePrint is the fingerprint of a job's remote id, nil where it has none.
// That it cannot be made is no reason to lose the job's end.
func (s *Store) remotePrint(ctx context.Context, j job.Job) []byte {
	if s.prints == nil || j.RemoteID == "" || j.Import != "" {
		return nil
	}
	key, err := s.prints.For(ctx, j.Tenant)
	if err != nil {
		return nil
	}
	p := key.Of(fingerprint.RemoteID, j.RemoteID)
	return p[:]
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
