package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/contact"
	"crmferry/internal/job"
	"crmferry/internal/lua"
)

// adoptScript stores a job as it stands, unless it is there already. Turns are
// not listed.
// KEYS job, open, by tenant, by account, open by tenant
// ARGV id, version, tenant, base, input, created ms, due ms (in line: from now), status, place, epoch, attempt,
// sent, state, result or "", raw, listed
var adoptScript = lua.Upkeep(luaNow + `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 's', ARGV[8], 'e', ARGV[10], 'a', ARGV[11], 'p', ARGV[9], 'd', ARGV[12],
  't', ARGV[3], 'base', ARGV[4], 'input', ARGV[5], 'state', ARGV[13])
if ARGV[14] ~= '' then redis.call('HSET', KEYS[1], 'result', ARGV[14], 'raw', ARGV[15]) end
local at = tonumber(ARGV[7])
if ARGV[9] == 'line' then at = now() + at end
redis.call('ZADD', KEYS[2], at, ARGV[1])
if ARGV[16] ~= '1' then return 1 end
redis.call('ZADD', KEYS[3], ARGV[6], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[6], ARGV[1])
redis.call('HINCRBY', KEYS[5], ARGV[3], 1)
return 1
`)

// Adopt stores a job that is under way; one that is there already is left as it
// is, and false.
func (s *Store) Adopt(ctx context.Context, j job.Job, in contact.Input, r *job.Result) (bool, error) {
	sh, ok := shardOf(j.ID)
	if !ok {
		return false, errors.New("store: not a job id")
	}
	base, err := json.Marshal(j.Base)
	if err != nil {
		return false, err
	}
	input, err := json.Marshal(in)
	if err != nil {
		return false, err
	}
	w, err := written(j, r)
	if err != nil {
		return false, err
	}
	due, sent, listed := j.NextAttemptAt.UnixMilli(), "0", "1"
	if j.Place == job.InLine {
		due = lookInLine.Milliseconds()
	}
	if j.Journal.Phase != job.Fresh {
		sent = "1"
	}
	if j.Turn != 0 {
		listed = "0"
	}
	keys := []string{sh.job(j.ID), sh.open(), sh.byTenant(j.Tenant), sh.byAccount(j.AccountID), sh.openByTenant()}
	n, err := adoptScript.Run(ctx, s.redis, keys,
		j.ID, job.Version, j.Tenant, base, input, j.CreatedAt.UnixMilli(), due, string(j.Status), string(j.Place), j.Epoch, j.Attempt,
		sent, w.state, w.result, w.raw, listed).Int()
	return n == 1, err
}

// dropScript forgets a held turn.
// KEYS job, open   ARGV id, epoch, attempt
var dropScript = lua.Upkeep(luaHeld + `
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
`)

// Drop forgets a held turn.
func (s *Store) Drop(ctx context.Context, j job.Job) error {
	sh, _ := shardOf(j.ID)
	n, err := dropScript.Run(ctx, s.redis, []string{sh.job(j.ID), sh.open()}, j.ID, j.Epoch, j.Attempt).Int()
	return current(n, err)
}

// SaveAll journals held jobs in one step.
func (s *Store) SaveAll(ctx context.Context, jobs []job.Job) []error {
	errs := make([]error, len(jobs))
	replies := make([]*redis.Cmd, len(jobs))
	pipe, script := s.redis.Pipeline(), saveScript.On(ctx, s.redis)
	for i, j := range jobs {
		keys, args, err := saving(j, nil)
		if errs[i] = err; err == nil {
			// By its text: whether Redis knows the script shows too late in a pipeline.
			replies[i] = script.Eval(ctx, pipe, keys, args...)
		}
	}
	_, _ = pipe.Exec(ctx) // each reply tells
	for i, reply := range replies {
		if reply != nil {
			errs[i] = current(reply.Int())
		}
	}
	return errs
}
