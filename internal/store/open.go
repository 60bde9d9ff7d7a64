package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/job"
)

// Due lists jobs whose time has come, over all shards.
func (s *Store) Due(ctx context.Context, limit int) ([]job.Due, error) {
	pipe, script := s.redis.Pipeline(), dueScript.On(ctx, s.redis)
	replies := make([]*redis.Cmd, len(s.shards))
	for i, sh := range s.shards {
		replies[i] = script.Eval(ctx, pipe, []string{sh.open(), sh.master()}, limit, sh.job(""))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	var due []job.Due
	for _, reply := range replies {
		more, err := decodeDues(reply)
		if err != nil {
			return nil, err
		}
		due = append(due, more...)
	}
	return due, nil
}

// decodeDues reads what a script tells of several jobs: its time, then each job.
func decodeDues(reply *redis.Cmd) ([]job.Due, error) {
	list, err := reply.Slice()
	if err != nil {
		return nil, err
	}
	now, _ := list[0].(int64)
	var due []job.Due
	for _, item := range list[1:] {
		d, err := decodeDue(item.([]any), milli(now))
		if err != nil {
			return nil, err
		}
		due = append(due, d)
	}
	return due, nil
}

func decodeDue(item []any, now time.Time) (job.Due, error) {
	var text [5]string
	for i := range text {
		text[i], _ = item[i].(string)
	}
	var base job.Base
	epoch, err := strconv.ParseInt(text[2], 10, 64)
	if err := errors.Join(err, unmarshal(text[4], &base)); err != nil {
		return job.Due{}, err
	}
	return job.Due{
		Ref:    job.Ref{ID: text[0], Epoch: epoch, Account: base.AccountID, CRM: base.CRM},
		Status: job.Status(text[1]), Place: job.Place(text[3]), Age: now.Sub(base.CreatedAt), Left: base.ExpiresAt.Sub(now),
		Waiter: job.Job{Base: base}.Waiter(),
	}, nil
}

// Requeue raises the epoch of a job that is still as d says.
func (s *Store) Requeue(ctx context.Context, d job.Due) (job.Ref, error) {
	sh, _ := shardOf(d.ID)
	n, err := requeueScript.Run(ctx, s.redis, []string{sh.job(d.ID), sh.open()},
		d.ID, d.Epoch, string(d.Place), lookAfter.Milliseconds()).Int64()
	if err := current(int(n), err); err != nil {
		return job.Ref{}, err
	}
	ref := d.Ref
	ref.Epoch = n
	return ref, nil
}

// Advance puts a job that is in line into the queue's place.
func (s *Store) Advance(ctx context.Context, id string) (job.Ref, error) {
	sh, ok := shardOf(id)
	if !ok {
		return job.Ref{}, job.ErrStale
	}
	got, err := advanceScript.Run(ctx, s.redis, []string{sh.job(id), sh.open()}, id, lookAfter.Milliseconds()).Result()
	list, ok := got.([]any)
	if err != nil || !ok {
		return job.Ref{}, current(0, err)
	}
	var base job.Base
	raw, _ := list[1].(string)
	if err := unmarshal(raw, &base); err != nil {
		return job.Ref{}, err
	}
	epoch, _ := list[0].(int64)
	return job.Ref{ID: id, Epoch: epoch, Account: base.AccountID, CRM: base.CRM}, nil
}

// Postpone moves the time of a job that is still as d says.
func (s *Store) Postpone(ctx context.Context, d job.Due, by time.Duration) error {
	sh, _ := shardOf(d.ID)
	n, err := postponeScript.Run(ctx, s.redis, []string{sh.job(d.ID), sh.open()},
		d.ID, d.Epoch, string(d.Place), by.Milliseconds()).Int()
	return current(n, err)
}

// Renew extends the leases of jobs that are still held under their epoch.
func (s *Store) Renew(ctx context.Context, refs []job.Ref, lease time.Duration) error {
	pipe, script := s.redis.Pipeline(), postponeScript.On(ctx, s.redis)
	for _, ref := range refs {
		if sh, ok := shardOf(ref.ID); ok {
			script.Eval(ctx, pipe, []string{sh.job(ref.ID), sh.open()},
				ref.ID, ref.Epoch, string(job.AtWorker), lease.Milliseconds())
		}
	}
	_, err := pipe.Exec(ctx)
	return err
}

// Lead takes or keeps the lead of the reapers.
func (s *Store) Lead(ctx context.Context, holder string, hold time.Duration) (bool, error) {
	n, err := leadScript.Run(ctx, s.redis, []string{leadKey()}, holder, hold.Milliseconds()).Int()
	return n == 1, err
}
