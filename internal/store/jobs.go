package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/fingerprint"
	"crmferry/internal/job"
	"crmferry/internal/lua"
)

// Store keeps everything in one Redis, Sentinel set or Cluster.
type Store struct {
	redis  *lua.Client
	opts   Options
	shards []shard
	hub    *hub
	prints *fingerprint.Keys // nil: nobody is found again
}

// Options say how long things are kept.
type Options struct {
	// UploadHold is for how long an upload of which nothing is heard is waited
	// for; 0 is 30 s.
	UploadHold time.Duration

	ResultTTL  time.Duration // of a job that is over, with its result
	ReceiptTTL time.Duration // of the short receipt after it
	// Sealer seals the keys of fingerprints; without one there are none.
	Sealer fingerprint.Sealer
}

// New makes a Store. Close ends its subscription, not the client.
func New(c redis.UniversalClient, o Options) *Store {
	o.UploadHold = cmp.Or(o.UploadHold, uploadHold)
	s := &Store{redis: lua.NewClient(c), opts: o, shards: allShards(), hub: newHub(c)}
	if o.Sealer != nil {
		s.prints = fingerprint.NewKeys(o.Sealer, safe{s.redis})
	}
	return s
}

// Close ends the Store's own connection.
func (s *Store) Close() error { return s.hub.close() }

// When the reaper looks at a job that was just put into the queue or into line.
// Few are in the queue at once, so that they can be looked at soon.
const (
	lookAfter  = 10 * time.Second
	lookInLine = 30 * time.Second
)

// ownFor is how long a job's claim on a remote record is kept: longer than any
// doubt about a create can last.
const ownFor = 72 * time.Hour

// longestOpen is longer than any job can stay open.
const longestOpen = 31 * 24 * time.Hour

// Accept stores a job.
func (s *Store) Accept(ctx context.Context, a job.Acceptance) (job.Ref, string, bool, error) {
	sh, ok := shardOf(a.ID)
	if !ok {
		return job.Ref{}, "", false, errors.New("store: not a job id")
	}
	a.Idem = idemDigest(a)
	var err error
	if a.Prints, err = s.printsOf(ctx, a); err != nil {
		return job.Ref{}, "", false, full(err)
	}
	base, err := json.Marshal(a.Base)
	if err != nil {
		return job.Ref{}, "", false, err
	}
	input, err := json.Marshal(a.Input)
	if err != nil {
		return job.Ref{}, "", false, err
	}
	fingerprint := ""
	if a.IdempotencyKey != "" {
		fingerprint = "f" + a.Fingerprint
	}
	first := a.Job()
	w, err := written(first, nil)
	if err != nil {
		return job.Ref{}, "", false, err
	}
	look := lookAfter
	if a.Place == job.InLine {
		look = lookInLine
	}
	look = min(look, max(a.ExpiresAt.Sub(a.CreatedAt), 0))
	keys := []string{sh.job(a.ID), sh.open(), sh.byTenant(a.Tenant), sh.byAccount(a.AccountID), s.idemOr(sh, a.Base), sh.openByTenant(), sh.prints(a.Tenant, a.CreatedAt)}
	args := []any{
		a.ID, job.Version, a.Tenant, base, input, a.CreatedAt.UnixMilli(), look.Milliseconds(), fingerprint,
		string(first.Status), string(first.Place), w.state, s.printLife(a).Milliseconds(),
	}
	got, err := acceptScript.Run(ctx, s.redis, keys, append(args, printMembers(a.ID, a.Prints, true)...)...).Slice()
	if err != nil {
		return job.Ref{}, "", false, full(err)
	}
	ref := job.Ref{ID: a.ID, Epoch: 1, Account: a.AccountID, CRM: a.CRM}
	if got[0].(int64) == 1 {
		return ref, a.Fingerprint, true, nil
	}
	ref.ID = got[1].(string)
	return ref, got[2].(string)[1:], false, nil
}

// Replay gives the job that an idempotency key belongs to already.
func (s *Store) Replay(ctx context.Context, a job.Acceptance) (job.Ref, string, bool, error) {
	sh, ok := shardOf(s.NewID(a))
	if !ok || a.IdempotencyKey == "" {
		return job.Ref{}, "", false, nil
	}
	taken, err := s.redis.HMGet(ctx, sh.idem(idemDigest(a)), "id", "f").Result()
	if err != nil {
		return job.Ref{}, "", false, err
	}
	h := zip([]string{"id", "f"}, taken)
	return job.Ref{ID: h["id"], Account: a.AccountID, CRM: a.CRM}, strings.TrimPrefix(h["f"], "f"), h["id"] != "", nil
}

// idemOr is the key of the job's idempotency entry, or the job's own where it has none.
func (s *Store) idemOr(sh shard, b job.Base) string {
	if b.Idem == "" {
		return sh.job(b.ID)
	}
	return sh.idem(b.Idem)
}

// Claim takes a job for a worker.
func (s *Store) Claim(ctx context.Context, ref job.Ref, lease time.Duration) (job.Claimed, error) {
	return s.claim(ctx, ref.ID, strconv.FormatInt(ref.Epoch, 10), lease)
}

// ClaimInLine takes a job that is in line for a worker.
func (s *Store) ClaimInLine(ctx context.Context, id string, lease time.Duration) (job.Claimed, error) {
	return s.claim(ctx, id, "", lease)
}

func (s *Store) claim(ctx context.Context, id, epoch string, lease time.Duration) (job.Claimed, error) {
	sh, ok := shardOf(id)
	if !ok {
		return job.Claimed{}, job.ErrNotFound
	}
	got, err := claimScript.Run(ctx, s.redis, []string{sh.job(id), sh.open(), sh.master()}, id, job.Version, epoch, lease.Milliseconds()).Slice()
	if err != nil {
		return job.Claimed{}, err
	}
	switch got[0].(int64) {
	case 0:
		return job.Claimed{}, job.ErrNotFound
	case 1:
		return job.Claimed{}, job.ErrStale
	case 2:
		return job.Claimed{}, job.ErrNewer
	}
	fields := pairs(got[3])
	j, err := decodeJob(fields)
	if err != nil {
		return job.Claimed{}, err
	}
	c := job.Claimed{Job: j, Now: milli(got[1].(int64))}
	if at := got[2].(int64); at != 0 {
		c.Changed = milli(at)
	}
	if err := errors.Join(unmarshal(fields["input"], &c.Input), heard(fields, &c)); err != nil {
		return job.Claimed{}, err
	}
	if fields["result"] != "" {
		c.Kept = &job.Result{Raw: []byte(fields["raw"])}
		return c, unmarshal(fields["result"], c.Kept)
	}
	return c, nil
}

// Save journals a held job.
func (s *Store) Save(ctx context.Context, j job.Job, r *job.Result) error {
	keys, args, err := saving(j, r)
	if err != nil {
		return err
	}
	return current(saveScript.Run(ctx, s.redis, keys, args...).Int())
}

// saving are the keys and arguments of saveScript.
func saving(j job.Job, r *job.Result) ([]string, []any, error) {
	sh, _ := shardOf(j.ID)
	w, err := written(j, r)
	if err != nil {
		return nil, nil, err
	}
	sent := "0"
	if j.Journal.Phase != job.Fresh {
		sent = "1"
	}
	due := j.NextAttemptAt.UnixMilli()
	if j.Place == job.InLine {
		due = lookInLine.Milliseconds()
	}
	return []string{sh.job(j.ID), sh.open()}, []any{
		j.ID, j.Epoch, j.Attempt, string(j.Status), string(j.Place), sent, w.state, due, w.result, w.raw,
	}, nil
}

// Finish ends a held job. A record that the job created becomes its own first.
func (s *Store) Finish(ctx context.Context, j job.Job, r *job.Result) error {
	sh, _ := shardOf(j.ID)
	w, err := written(j, r)
	if err != nil {
		return err
	}
	pipe, finish := s.redis.Pipeline(), finishScript.On(ctx, s.redis)
	if j.Outcome == job.Created && j.RemoteID != "" {
		// By its text: whether Redis knows the script shows too late in a pipeline.
		ownScript.On(ctx, s.redis).Eval(ctx, pipe, []string{ownKey(j.AccountID, j.RemoteID)}, j.ID, ownFor.Milliseconds())
	}
	end := finish.EvalSha(ctx, pipe, s.endKeys(sh, j), s.endArgs(ctx, j, w)...)
	_, _ = pipe.Exec(ctx) // what became of the end is what counts
	if redis.HasErrorPrefix(end.Err(), "NOSCRIPT") {
		end = finish.Eval(ctx, s.redis, s.endKeys(sh, j), s.endArgs(ctx, j, w)...)
	}
	return current(end.Int())
}

func (s *Store) endKeys(sh shard, j job.Job) []string {
	return []string{
		sh.job(j.ID), sh.open(), sh.finished(j.Tenant), sh.receipt(j.ID), s.idemOr(sh, j.Base),
		sh.byTenant(j.Tenant), sh.byAccount(j.AccountID), sh.ends(), sh.openByTenant(),
		sh.prints(j.Tenant, j.CreatedAt), sh.outbox(), sh.hooked(j.Tenant),
	}
}

func (s *Store) endArgs(ctx context.Context, j job.Job, w words) []any {
	remote := s.remotePrint(ctx, j)
	return []any{
		j.ID, j.Epoch, j.Attempt, string(j.Status), w.state, j.FinishedAt.UnixMilli(), w.result,
		s.opts.ResultTTL.Milliseconds(), receiptOf(j, slices.Concat(j.Prints, remote)), s.opts.ReceiptTTL.Milliseconds(), doneChannel(),
		longestOpen.Milliseconds(), w.raw, slices.Concat(remote, printID(j.ID)), len(remote), toldOf(j),
	}
}

// toldOf says who hears of the job's end by webhook. Of its rows an import tells
// by itself.
func toldOf(j job.Job) string {
	switch {
	case j.Import != "":
		return "nobody"
	case j.CallbackURL != "":
		return "callback"
	default:
		return "endpoints"
	}
}

var jobFields = []string{"v", "s", "e", "a", "p", "c", "t", "base", "state"}

// Get gives a tenant's job, or what its receipt still tells of it.
func (s *Store) Get(ctx context.Context, tenant, id string) (job.Job, error) {
	sh, ok := shardOf(id)
	if !ok || !strings.HasPrefix(id, jobPrefix) {
		return job.Job{}, job.ErrNotFound
	}
	values, err := s.redis.HMGet(ctx, sh.job(id), jobFields...).Result()
	if err != nil {
		return job.Job{}, err
	}
	h := zip(jobFields, values)
	if h["v"] == "" {
		return s.fromReceipt(ctx, sh, tenant, id)
	}
	if h["t"] != tenant {
		return job.Job{}, job.ErrNotFound
	}
	return decodeJob(h)
}

// Result gives the contact that a job wrote; ErrGone when only the receipt is left.
func (s *Store) Result(ctx context.Context, tenant, id string) (job.Result, error) {
	h, err := s.body(ctx, tenant, id, "result", "raw")
	if err != nil {
		return job.Result{}, err
	}
	r := job.Result{Raw: []byte(h["raw"])}
	return r, unmarshal(h["result"], &r)
}

// Input gives what a job was asked to write.
func (s *Store) Input(ctx context.Context, tenant, id string) (contact.Input, error) {
	var in contact.Input
	h, err := s.body(ctx, tenant, id, "input")
	if err != nil {
		return in, err
	}
	return in, unmarshal(h["input"], &in)
}

// body reads fields of a tenant's job, of which the first must be there.
func (s *Store) body(ctx context.Context, tenant, id string, fields ...string) (map[string]string, error) {
	sh, ok := shardOf(id)
	if !ok || !strings.HasPrefix(id, jobPrefix) {
		return nil, job.ErrNotFound
	}
	names := append([]string{"t"}, fields...)
	values, err := s.redis.HMGet(ctx, sh.job(id), names...).Result()
	if err != nil {
		return nil, err
	}
	h := zip(names, values)
	switch {
	case h["t"] == "":
		if _, err := s.fromReceipt(ctx, sh, tenant, id); err != nil {
			return nil, err
		}
		return nil, job.ErrGone
	case h["t"] != tenant:
		return nil, job.ErrNotFound
	case h[fields[0]] == "":
		return nil, job.ErrGone
	}
	return h, nil
}

// Cancel ends a job that no worker holds, or asks the worker to end it.
func (s *Store) Cancel(ctx context.Context, tenant, id string, f *fault.Error) (bool, error) {
	for range 5 {
		j, err := s.Get(ctx, tenant, id)
		if err != nil {
			return false, err
		}
		if j.Status.Terminal() {
			return false, job.ErrTerminal
		}
		j.Status, j.Error, j.FinishedAt, j.NextAttemptAt, j.WaitingFor = job.Cancelled, f, time.Now().UTC(), time.Time{}, ""
		sh, _ := shardOf(id)
		w, err := written(j, nil)
		if err != nil {
			return false, err
		}
		n, err := cancelScript.Run(ctx, s.redis, s.endKeys(sh, j), s.endArgs(ctx, j, w)...).Int()
		if err != nil {
			return false, full(err)
		}
		if n > 0 {
			return n == 1, nil
		}
	}
	return false, job.ErrStale
}

// Link notes that a terminal job was retried as another.
func (s *Store) Link(ctx context.Context, tenant, id, retriedAs string) error {
	j, err := s.Get(ctx, tenant, id)
	if err != nil {
		return err
	}
	j.RetriedAs = retriedAs
	w, err := written(j, nil)
	if err != nil {
		return err
	}
	sh, _ := shardOf(id)
	n, err := linkScript.Run(ctx, s.redis, []string{sh.job(id)}, w.state).Int()
	return current(n, err)
}
