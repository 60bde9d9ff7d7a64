// Package lua runs Lua scripts in Redis, those that carry on accepted work also
// when Redis is over its maxmemory.
package lua

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// allowOOM is the first line of a script that may write while Redis is over
// its maxmemory. Redis knows it from version 7 on.
const allowOOM = "#!lua flags=allow-oom\n"

// Script is a Lua script that every Redis takes, and the form of it for those
// that let it write when they are full.
type Script struct{ plain, always *redis.Script }

// Intake makes a script that brings new work: a full Redis refuses it.
func Intake(src string) *Script {
	s := redis.NewScript(src)
	return &Script{plain: s, always: s}
}

// Upkeep makes a script that carries on what was accepted: it works on a full
// Redis, too.
func Upkeep(src string) *Script {
	return &Script{plain: redis.NewScript(src), always: redis.NewScript(allowOOM + src)}
}

// On is the form of the script for a client's Redis.
func (s *Script) On(ctx context.Context, c *Client) *redis.Script {
	if c.allowsOOM(ctx) {
		return s.always
	}
	return s.plain
}

// Run runs the script.
func (s *Script) Run(ctx context.Context, c *Client, keys []string, args ...any) *redis.Cmd {
	return s.On(ctx, c).Run(ctx, c, keys, args...)
}

// Client is a Redis of which it is known whether scripts may write when it is full.
type Client struct {
	redis.UniversalClient
	known, allows atomic.Bool
}

// allowsOOM asks the server once, with a trial that changes nothing.
func (c *Client) allowsOOM(ctx context.Context) bool {
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

// NewClient makes a Client of a connection.
func NewClient(c redis.UniversalClient) *Client { return &Client{UniversalClient: c} }

// Refused says whether err is Redis's word that it is full. Redis before
// version 7 wraps it, so that the words count, not the error's code.
func Refused(err error) bool {
	return err != nil && strings.Contains(err.Error(), "OOM command not allowed")
}
