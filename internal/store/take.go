package store

import (
	"context"
	"math/rand/v2"
	"time"

	"crmferry/internal/job"
)

const (
	// takeMoment is how long a job that was put into the queue is left alone by
	// those who go past it.
	takeMoment = 2 * time.Second
	// takeScan bounds how many jobs of a shard one Take looks at. Jobs further
	// on are not lost: they come to the front as their time comes.
	takeScan = 200
)

// Take gives up to limit jobs to a worker that goes past the queue. It begins
// at any shard, so that all get their turn.
func (s *Store) Take(ctx context.Context, limit int) ([]job.Due, error) {
	var taken []job.Due
	first := rand.IntN(len(s.shards))
	for i := range s.shards {
		if len(taken) >= limit {
			break
		}
		sh := s.shards[(first+i)%len(s.shards)]
		more, err := decodeDues(takeScript.Run(ctx, s.redis, []string{sh.open()},
			limit-len(taken), sh.job(""), lookAfter.Milliseconds(), takeMoment.Milliseconds(), takeScan))
		if err != nil {
			return taken, err
		}
		taken = append(taken, more...)
	}
	return taken, nil
}
