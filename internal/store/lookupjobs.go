package store

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/contact"
	"crmferry/internal/imports"
	"crmferry/internal/job"
)

// lookupJobs is how many jobs one step looks at.
const lookupJobs = 50

// jobs are those that were accepted one by one.
func (l *lookup) jobs(yield func(sighting, error) bool) {
	for after := l.after; ; {
		places, err := l.jobPlaces(after)
		if err != nil {
			yield(sighting{}, err)
			return
		}
		found, err := l.confirmed(places)
		if err != nil {
			yield(sighting{}, err)
			return
		}
		for _, f := range found {
			if !yield(f, nil) {
				return
			}
		}
		if len(places) < lookupJobs {
			return
		}
		after = &places[len(places)-1]
	}
}

// jobPlaces gives the next jobs with the fingerprint. Members of one Print lie
// in the order of their ids, and so of their acceptance.
func (l *lookup) jobPlaces(after *spot) ([]spot, error) {
	to := string(l.print[:]) + strings.Repeat("\xff", 17)
	if after != nil {
		to = string(l.print[:]) + string(binary.BigEndian.AppendUint64(nil, uint64(after.ms)<<16|0xffff)) + strings.Repeat("\xff", 9)
	}
	by := &redis.ZRangeBy{Min: "[" + string(l.print[:]), Max: "[" + to, Count: lookupJobs + 100} // those of the same millisecond come again
	pipe := l.redis.Pipeline()
	replies := map[shard][]*redis.StringSliceCmd{}
	for _, sh := range l.shards {
		for _, key := range l.allPrints(sh, l.tenant) {
			replies[sh] = append(replies[sh], pipe.ZRevRangeByLex(l.ctx, key, by))
		}
	}
	if _, err := pipe.Exec(l.ctx); err != nil {
		return nil, err
	}
	var places []spot
	for sh, list := range replies {
		for _, reply := range list {
			for _, member := range reply.Val() {
				if p, ok := jobSpot(sh, member[len(l.print):]); ok && (after == nil || p.compare(*after) > 0) {
					places = append(places, p)
				}
			}
		}
	}
	slices.SortFunc(places, spot.compare)
	places = slices.Compact(places) // an end that late proof changed is in two sets
	return places[:min(lookupJobs, len(places))], nil
}

// jobSpot reads the id of a member; a UUID of version 7 begins with its time.
func jobSpot(sh shard, raw string) (spot, bool) {
	if len(raw) != 16 {
		return spot{}, false
	}
	return spot{ms: int64(binary.BigEndian.Uint64([]byte(raw)) >> 16), id: sh.idOf(raw)}, true
}

// confirmed loads the jobs at the places, and leaves out those that are not
// there any more or are somebody else.
func (l *lookup) confirmed(places []spot) ([]sighting, error) {
	names := append(slices.Clone(jobFields), "input")
	pipe := l.redis.Pipeline()
	replies := make([]*redis.SliceCmd, len(places))
	for i, p := range places {
		sh, _ := shardOf(p.id)
		replies[i] = pipe.HMGet(l.ctx, sh.job(p.id), names...)
	}
	if _, err := pipe.Exec(l.ctx); err != nil && len(places) > 0 {
		return nil, err
	}
	var found []sighting
	for i, reply := range replies {
		j, in, err := l.job(places[i].id, zip(names, reply.Val()))
		if errors.Is(err, job.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if l.sought.Confirms(j, in) {
			found = append(found, sighting{places[i], imports.SightingOf(j)})
		}
	}
	return found, nil
}

// job reads a job and what it was to write, nil where only the receipt is left.
func (l *lookup) job(id string, h map[string]string) (job.Job, *contact.Contact, error) {
	if h["v"] == "" {
		sh, _ := shardOf(id)
		j, err := l.fromReceipt(l.ctx, sh, l.tenant, id)
		return j, nil, err
	}
	if h["t"] != l.tenant {
		return job.Job{}, nil, job.ErrNotFound
	}
	j, err := decodeJob(h)
	var in contact.Input
	return j, &in.Contact, errors.Join(err, unmarshal(h["input"], &in))
}
