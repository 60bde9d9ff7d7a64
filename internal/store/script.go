package store

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"crmferry/internal/job"
)

// allowOOM is the first line of a script that may write while Redis is over
// its maxmemory. Redis knows it from version 7 on.
const allowOOM = "#!lua flags=allow-oom\n"

// script is a Lua script that every Redis takes, and the form of it for those
// that let it write when they are full.
type script struct{ plain, always *redis.Script }

// intake makes a script that brings new work: a full Redis refuses it.
func intake(src string) *script {
	s := redis.NewScript(src)
	return &script{plain: s, always: s}
}

// upkeep makes a script that carries on what was accepted: it works on a full
// Redis, too.
func upkeep(src string) *script {
	return &script{plain: redis.NewScript(src), always: redis.NewScript(allowOOM + src)}
}

// on is the form of the script for a client's Redis.
func (s *script) on(ctx context.Context, c *client) *redis.Script {
	if c.allowsOOM(ctx) {
		return s.always
	}
	return s.plain
}

// Run runs the script.
func (s *script) Run(ctx context.Context, c *client, keys []string, args ...any) *redis.Cmd {
	return s.on(ctx, c).Run(ctx, c, keys, args...)
}

// client is a Redis of which it is known whether scripts may write when it is full.
type client struct {
	redis.UniversalClient
	known, allows atomic.Bool
}

// allowsOOM asks the server once, with a trial that changes nothing.
func (c *client) allowsOOM(ctx context.Context) bool {
	if c.known.Load() {
		return c.allows.Load()
	}
	err := c.Eval(ctx, allowOOM+"return 1", nil).Err()
	// ERR says that the line is not understood; anything else is no answer.
	if err == nil || strings.HasPrefix(err.Error(), "ERR ") {
		c.allows.Store(err == nil)
		c.known.Store(true)
	}
	return err == nil
}

// full turns the refusal of a full Redis into ErrFull. Redis before version 7
// wraps it, so that the words count, not the error's code.
func full(err error) error {
	if err != nil && strings.Contains(err.Error(), "OOM command not allowed") {
		return job.ErrFull
	}
	return err
}
