// Package store keeps jobs and accounts in Redis. All keys are made in this
// file. Nothing is atomic across hash tags: the order is record, then queue,
// then index.
package store

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"crmferry/internal/job"
)

// shards is the number of hash tags over which jobs are spread. It is part of
// every id and must not change without a migration.
const shards = 16

const prefix = "ferry:1:"

// shard is one of the hash tags of jobs: "0a".
type shard string

func (s shard) key(rest string) string { return prefix + "{j" + string(s) + "}:" + rest }

func (s shard) open() string                  { return s.key("open") }
func (s shard) job(id string) string          { return s.key("job:" + id) }
func (s shard) receipt(id string) string      { return s.key("receipt:" + id) }
func (s shard) idem(digest string) string     { return s.key("key:" + digest) }
func (s shard) byTenant(tenant string) string { return s.key("tenant:" + tenant) }
func (s shard) byAccount(id string) string    { return s.key("account:" + id) }
func (s shard) finished(tenant string) string { return s.key("finished:" + tenant) }
func (s shard) openByTenant() string          { return s.key("open-by-tenant") }
func (s shard) ends() string                  { return s.key("ends") }
func (s shard) master() string                { return s.key("master") }
func ownKey(account, remoteID string) string  { return prefix + "{r" + account + "}:own:" + remoteID }
func accountKey(id string) string             { return prefix + "{a" + id + "}:account" }
func accountIndex(tenant string) string       { return prefix + "{t" + tenant + "}:accounts" }
func printKey(tenant string) string           { return prefix + "{t" + tenant + "}:fingerprint-key" }
func leadKey() string                         { return prefix + "lead:reaper" }
func doneChannel() string                     { return prefix + "done" }
func sealCheckKey() string                    { return prefix + "seal-check" }
func allShards() (list []shard) {
	for i := range shards {
		list = append(list, shard(fmt.Sprintf("%02x", i)))
	}
	return list
}

// importTag is the hash tag of everything about one import, but for the indexes.
//
//	import        hash: the record, see importFields; n:<status> and o:<outcome> count rows
//	sizes         list: the number of rows of each block
//	block:<n>     packed rows; gone, or without those that succeeded, once the block is done
//	out:<n>       hash: index of a row -> its result, while the block is not done
//	res:<n>       packed results of a block that is done
//	slices        hash: number of a turn -> the slice that it has: block,from,to,token
//	rows          hash: block:index -> a row that is under way or goes on as a job
//	col:<c>:<n>   fingerprints of a block's column c, sorted
type importTag string

func (i importTag) key(rest string) string        { return prefix + "{i" + string(i) + "}:" + rest }
func (i importTag) record() string                { return i.key("import") }
func (i importTag) sizes() string                 { return i.key("sizes") }
func (i importTag) block(n int) string            { return i.key("block:" + strconv.Itoa(n)) }
func (i importTag) out(n int) string              { return i.key("out:" + strconv.Itoa(n)) }
func (i importTag) results(n int) string          { return i.key("res:" + strconv.Itoa(n)) }
func (i importTag) slices() string                { return i.key("slices") }
func (i importTag) rows() string                  { return i.key("rows") }
func (i importTag) column(c string, n int) string { return i.key("col:" + c + ":" + strconv.Itoa(n)) }

func importsByTenant(tenant string) string { return prefix + "{t" + tenant + "}:imports" }
func importsByAccount(id string) string    { return prefix + "{a" + id + "}:imports" }

// importKey holds the import that an idempotency key belongs to.
func importKey(digest string) string { return prefix + "{k" + digest + "}:import" }

// openImports are those that somebody has to look after, by when: from before
// the first byte of the upload until everything about them has its expiry.
func openImports() string { return prefix + "imports" }

var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes a job id: its shard, then a UUID of version 7. Jobs with the
// same idempotency key land in the same shard.
func (s *Store) NewID(a job.Acceptance) string {
	n := rand.IntN(shards)
	if a.IdempotencyKey != "" {
		h := fnv.New32a()
		_, _ = h.Write([]byte(idemDigest(a)))
		n = int(h.Sum32() % shards)
	}
	u := uuid.Must(uuid.NewV7())
	return fmt.Sprintf(jobPrefix+"%02x%s", n, idAlphabet.EncodeToString(u[:]))
}

// The ids of jobs for single contacts and rows, and of turns at imports.
const (
	jobPrefix  = "job_"
	turnPrefix = "trn_"
)

// fixedID makes an id that is always the same for what name names.
func fixedID(prefix, name string) string {
	u := uuid.NewSHA1(uuid.NameSpaceOID, []byte(name))
	return fmt.Sprintf("%s%02x%s", prefix, int(u[0])%shards, idAlphabet.EncodeToString(u[:]))
}

// RowJobID is the id of the job that carries on a row of an import.
func RowJobID(importID, row string) string { return fixedID(jobPrefix, importID+"/"+row) }

// shardOf reads the shard out of an id; false when id is none of ours.
func shardOf(id string) (shard, bool) {
	rest, ok := strings.CutPrefix(id, jobPrefix)
	if !ok {
		rest, ok = strings.CutPrefix(id, turnPrefix)
	}
	if !ok || len(rest) != 28 {
		return "", false
	}
	n, err := strconv.ParseUint(rest[:2], 16, 8)
	if err != nil || n >= shards || strings.ToLower(rest) != rest {
		return "", false
	}
	return shard(rest[:2]), true
}

// idemDigest names (tenant, account, key) in a fixed length.
func idemDigest(a job.Acceptance) string {
	if a.IdempotencyKey == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(a.Tenant + "\x00" + a.AccountID + "\x00" + a.IdempotencyKey))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// TurnID is the id of one of the turns that an import's start makes.
func TurnID(importID string, generation int64, number int) string {
	return fixedID(turnPrefix, fmt.Sprintf("%s/%d/%d", importID, generation, number))
}

// The outbox of a shard holds what happened and was not told yet, by when
// somebody may take it up: <id of a job or import>:<what>. hooked is there for a
// tenant that has endpoints; queues are those of webhooks, by when something
// may be due.
func (s shard) outbox() string              { return s.key("outbox") }
func (s shard) hooked(tenant string) string { return s.key("hooked:" + tenant) }
func (s shard) queues() string              { return s.key("queues") }

// shardFor spreads what is no job over the shards.
func shardFor(name string) shard {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return shard(fmt.Sprintf("%02x", h.Sum32()%shards))
}

// queueTag is the hash tag of a queue of webhook deliveries.
//
//	endpoint   hash: t tenant, n version, en 1 when enabled, r the record as JSON
//	state      hash: fails in a row, failing since, hold and ra: rests until, rel: more is to be released
//	due        zset: pending deliveries by when they are due, or their lease is over
//	leases     zset: those that a worker has, by when the lease is over
//	all        zset: deliveries by their creation
//	d:<id>     hash: a delivery, see deliveryFields
type queueTag string

func (q queueTag) key(rest string) string    { return prefix + "{w" + string(q) + "}:" + rest }
func (q queueTag) endpoint() string          { return q.key("endpoint") }
func (q queueTag) state() string             { return q.key("state") }
func (q queueTag) due() string               { return q.key("due") }
func (q queueTag) leases() string            { return q.key("leases") }
func (q queueTag) all() string               { return q.key("all") }
func (q queueTag) delivery(id string) string { return q.key("d:" + id) }

func endpointIndex(tenant string) string  { return prefix + "{t" + tenant + "}:webhooks" }
func deliveryIndex(tenant string) string  { return prefix + "{t" + tenant + "}:deliveries" }
func callbackSecret(tenant string) string { return prefix + "{t" + tenant + "}:callback-secret" }
