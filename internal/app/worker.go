package app

import (
	"context"
	"io"
	"sync"
	"time"

	"crmferry/internal/config"
	"crmferry/internal/job"
	"crmferry/internal/queue"
)

const (
	// laneServers asynq servers fetch for the contacts lane: one fetches its
	// tasks one after the other.
	laneServers = 4
	idlePoll    = 20 * time.Millisecond
	reapEvery   = 250 * time.Millisecond
	watchEvery  = 15 * time.Second
	// How often a worker looks whether Redis is full, and for how long it must
	// not be before the queue is trusted again.
	roomEvery = 250 * time.Millisecond
	roomCalm  = 2 * time.Second
)

// worker is one process's share of the work.
type worker struct {
	server   *queue.Server
	mover    *job.Mover
	stopping chan struct{}
	cancel   context.CancelFunc
	direct   sync.WaitGroup
	done     sync.WaitGroup
}

// startWorker begins to take jobs and to look after the open ones.
func (h *house) startWorker() (*worker, error) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &worker{mover: h.mover, stopping: make(chan struct{}), cancel: cancel}
	runner := h.runner(w.stopping)
	direct := h.direct(runner)
	var err error
	w.server, err = queue.Serve(h.db, direct.Run, queue.Options{
		Servers: min(laneServers, h.config.Concurrency), Concurrency: h.config.Concurrency, Idle: idlePoll,
		ShutdownTimeout: h.config.ShutdownTimeout, Logger: h.log,
	})
	if err != nil {
		cancel()
		return nil, err
	}
	w.direct.Go(func() { direct.Loop(w.stopping) })
	h.mover.Lend(direct)
	w.done.Go(func() { runner.Held.KeepLeases(ctx, h.store, runner.Timing.Lease) })
	w.done.Go(func() { h.reaper().Run(ctx) })
	w.done.Go(func() { h.pacer.Upkeep(ctx) })
	w.done.Go(func() { h.keeper.Run(ctx) })
	w.done.Go(func() { h.watchQueue(ctx) })
	w.done.Go(func() { h.hooks.relay.Run(ctx) })
	w.done.Go(func() { h.hooks.dispatcher.Run(ctx) })
	return w, nil
}

func (h *house) reaper() *job.Reaper {
	return &job.Reaper{
		Open: h.store, Queue: h.queue, Line: h.pacing(), Holder: newKey(), Every: reapEvery,
		Healed: h.healed,
		Failed: h.failed("reaper"),
	}
}

func (h *house) healed(ref job.Ref, reason string) {
	if reason == job.TimerDue {
		return
	}
	h.metrics.ReaperHealed(reason)
	h.log.Warn("job put back to work", "job", ref.ID, "account", ref.Account, "crm", ref.CRM, "reason", reason)
}

// direct carries jobs past asynq: those whose turn in line has come, and all of
// them while Redis is full.
func (h *house) direct(r *job.Runner) *job.Direct {
	return &job.Direct{
		Backlog: h.store, Full: h.queue.Full, Carry: r.Run, CarryInLine: r.RunInLine, Limit: h.config.Concurrency, Every: roomEvery, Calm: roomCalm,
		Timeout: taskTimeout, Patience: h.config.ShutdownTimeout, Healed: h.healed,
		Changed: func(on bool) {
			h.metrics.QueueBypassed(on)
			if on {
				h.log.Warn("Redis is full: new work is refused, accepted jobs are taken past the queue")
			} else {
				h.log.Info("Redis has room again: jobs come through the queue")
			}
		},
		Failed: h.failed("work past the queue"),
	}
}

// watchQueue tells of tasks in asynq's archive, where none may ever be.
func (h *house) watchQueue(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if stats, err := h.queue.Stats(); err == nil {
				h.metrics.QueueArchived(stats.Archived)
			}
		}
	}
}

// stop lets calls under way end, up to the shutdown time-out, and gives back
// what was not begun.
func (w *worker) stop() {
	close(w.stopping)
	w.mover.Lend(nil)
	w.server.Stop()
	w.direct.Wait()
	w.cancel()
	w.done.Wait()
}

// RunWorker is the program cmd/worker: it works until ctx ends.
func RunWorker(ctx context.Context, environ map[string]string, out io.Writer) error {
	c, err := config.Load(environ)
	if err != nil {
		return err
	}
	if c.Embedded() {
		return errNoRedis
	}
	h, err := build(ctx, c, out)
	if err != nil {
		return err
	}
	defer h.close()
	ops, err := h.serveOps()
	if err != nil {
		return err
	}
	defer ops.stop()
	w, err := h.startWorker()
	if err != nil {
		return err
	}
	h.log.Info("worker ready", "concurrency", c.Concurrency)
	<-ctx.Done()
	h.log.Info("stopping")
	w.stop()
	return nil
}
