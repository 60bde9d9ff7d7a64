package job

import (
	"context"
	"errors"
	"time"
)

const (
	// insistFor bounds the writing of an outcome, which goes on even when the
	// attempt's context has ended: a restart or failover of the store is over
	// by then, and what the job came to need not be found out anew.
	insistFor = 30 * time.Second
	// Pauses between two tries.
	insistFirst = 50 * time.Millisecond
	insistMost  = time.Second
)

// insist writes what an attempt came to until the store has it or says that it
// is not this worker's business any more. Meanwhile the lease is renewed, so
// that nobody else takes the job.
func (t *task) insist(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), insistFor)
	defer cancel()
	for pause := insistFirst; ; pause = min(2*pause, insistMost) {
		err := write(ctx)
		if err == nil || errors.Is(err, ErrStale) || errors.Is(err, ErrBack) {
			return err
		}
		// Not all at once: every job of every worker waits for the same store.
		again := time.NewTimer(pause/2 + time.Duration(t.Spread()*float64(pause)/2))
		select {
		case <-ctx.Done():
			again.Stop()
			return err
		case <-again.C:
		}
	}
}
