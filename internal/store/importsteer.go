package store

import (
	"context"

	"crmferry/internal/imports"
	"crmferry/internal/lua"
)

// steerScript changes how an import goes on.
// KEYS import   ARGV from (comma list of states), to, reason or ""
// To running is a new generation, which the rules that paused it do not hold up
// again. Returns 0 when its state does not allow it, else 1.
var steerScript = lua.Upkeep(`
local i = redis.call('HMGET', KEYS[1], 's', 'c', 'reason')
if not i[1] or i[2] == '1' or not string.find(',' .. ARGV[1] .. ',', ',' .. i[1] .. ',', 1, true) then return 0 end
redis.call('HSET', KEYS[1], 's', ARGV[2], 'reason', ARGV[3])
redis.call('HDEL', KEYS[1], 'wf', 'wu')
if ARGV[2] == 'running' then
  redis.call('HINCRBY', KEYS[1], 'gen', 1)
  if i[3] == 'max_failed' then
    redis.call('HSET', KEYS[1], 'mf', 'off')
    for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
      if string.sub(field, 1, 2) == 'h:' then redis.call('HDEL', KEYS[1], field) end
    end
  end
  if i[3] == 'stop_after' then redis.call('HSET', KEYS[1], 'sa', '') end
end
return 1
`)

func (s *Imports) steer(ctx context.Context, id, from, to string, why imports.PauseReason) error {
	tag, ok := tagOf(id)
	if !ok {
		return imports.ErrNotFound
	}
	n, err := steerScript.Run(ctx, s.redis, []string{tag.record()}, from, to, string(why)).Int()
	if err == nil && n == 0 {
		return imports.ErrState
	}
	return err
}

// Begins has an import run that is ready.
func (s *Imports) Begins(ctx context.Context, id string) error {
	return s.steer(ctx, id, "ready", "running", "")
}

// Pause keeps an import from beginning more rows.
func (s *Imports) Pause(ctx context.Context, id string) error {
	return s.steer(ctx, id, "running", "paused", imports.PauseRequested)
}

// Resume lets an import go on that is paused.
func (s *Imports) Resume(ctx context.Context, id string) error {
	return s.steer(ctx, id, "paused", "running", "")
}

// withdrawScript asks for the end of an import.
// KEYS import   Returns 0 when it is over.
var withdrawScript = lua.Upkeep(`
local s = redis.call('HGET', KEYS[1], 's')
if s ~= 'receiving' and s ~= 'ready' and s ~= 'running' and s ~= 'paused' then return 0 end
redis.call('HSET', KEYS[1], 'c', '1')
return 1
`)

// Withdraw asks for the end of an import; it ends as soon as nothing of it is
// under way.
func (s *Imports) Withdraw(ctx context.Context, id string) error {
	tag, ok := tagOf(id)
	if !ok {
		return imports.ErrNotFound
	}
	n, err := withdrawScript.Run(ctx, s.redis, []string{tag.record()}).Int()
	if err == nil && n == 0 {
		return imports.ErrState
	}
	return err
}
