package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"crmferry/internal/job"
)

// Options of a Server.
type Options struct {
	// Servers is how many asynq servers serve the lane: each fetches its tasks
	// one after the other, so several are needed to keep workers busy.
	Servers     int
	Concurrency int // workers in all
	// Idle is how long an idle server waits before it looks again.
	Idle            time.Duration
	ShutdownTimeout time.Duration
	Logger          *slog.Logger
}

// Handler does the work of one task. An error means that the task could not
// even be begun or ended; it is delivered again soon.
type Handler func(ctx context.Context, ref job.Ref) error

// Server takes tasks and hands them to a Handler.
type Server struct{ servers []*asynq.Server }

// retryDelay is the pause before a task that could not be begun is tried
// again; the decision when a job is tried again is not asynq's.
const retryDelay = time.Second

// Serve starts to work.
func Serve(client redis.UniversalClient, h Handler, o Options) (*Server, error) {
	s := &Server{}
	handler := asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		ref, err := decode(t.Payload())
		if err != nil {
			return err
		}
		ctx, cancel := outlasting(ctx)
		defer cancel()
		return h(ctx, ref)
	})
	for i := range o.Servers {
		srv := asynq.NewServerFromRedisClient(client, config(o, i))
		if err := srv.Start(handler); err != nil {
			s.Stop()
			return nil, fmt.Errorf("queue: %w", err)
		}
		s.servers = append(s.servers, srv)
	}
	return s, nil
}

func config(o Options, i int) asynq.Config {
	return asynq.Config{
		Concurrency:              max(1, (o.Concurrency+i)/o.Servers),
		Queues:                   map[string]int{string(Contacts): 1},
		TaskCheckInterval:        o.Idle,
		DelayedTaskCheckInterval: retryDelay,
		ShutdownTimeout:          o.ShutdownTimeout,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return retryDelay },
		IsFailure:                func(error) bool { return false },
		Logger:                   logger{o.Logger},
		LogLevel:                 asynq.WarnLevel,
	}
}

// Stop waits until all work is done or the shutdown time-out is over.
func (s *Server) Stop() {
	var wg sync.WaitGroup
	for _, srv := range s.servers {
		wg.Go(srv.Shutdown)
	}
	wg.Wait()
}

// outlasting keeps the deadline of a task's context alone. asynq also ends it
// when it cannot renew its lease, as on a full Redis: the job has a lease of
// ours, and a call must not be cut off for that.
func outlasting(ctx context.Context) (context.Context, context.CancelFunc) {
	free := context.WithoutCancel(ctx)
	if end, ok := ctx.Deadline(); ok {
		return context.WithDeadline(free, end)
	}
	return free, func() {}
}
