package store

import "crmferry/internal/lua"

// createEndpointScript stores a new endpoint.
// KEYS endpoint   ARGV tenant, version, enabled, record
var createEndpointScript = lua.Intake(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 't', ARGV[1], 'n', ARGV[2], 'en', ARGV[3], 'r', ARGV[4])
return 1
`)

// putEndpointScript replaces an endpoint that is still at a version.
// KEYS endpoint, state   ARGV tenant, version, next version, enabled, record, 1: its failures are forgotten
var putEndpointScript = lua.Upkeep(`
local h = redis.call('HMGET', KEYS[1], 't', 'n')
if h[1] ~= ARGV[1] then return -1 end
if h[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'n', ARGV[3], 'en', ARGV[4], 'r', ARGV[5])
if ARGV[6] == '1' then redis.call('DEL', KEYS[2]) end
return 1
`)

// putCallbacksScript replaces secrets that are still at a version.
// KEYS secret   ARGV version, next version, record
var putCallbacksScript = lua.Upkeep(`
local n = redis.call('HGET', KEYS[1], 'n') or '0'
if n ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'n', ARGV[2], 'r', ARGV[3])
return 1
`)

// deleteEndpointScript removes a tenant's endpoint.
// KEYS endpoint, state   ARGV tenant
var deleteEndpointScript = lua.Upkeep(`
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
return redis.call('DEL', KEYS[1])
`)

// nextEntriesScript takes entries of an outbox, and keeps them from others for
// a while.
// KEYS outbox   ARGV limit, lease ms
var nextEntriesScript = lua.Upkeep(luaNow + `
local t = now()
local out = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', t, 'LIMIT', 0, ARGV[1])
for _, entry in ipairs(out) do redis.call('ZADD', KEYS[1], t + ARGV[2], entry) end
return out
`)

// tellScript puts an entry into an outbox.
// KEYS outbox   ARGV entry
var tellScript = lua.Upkeep(`return redis.call('ZADD', KEYS[1], 0, ARGV[1])`)

// addDeliveryScript stores a delivery that is due at once.
// KEYS delivery, due, all   ARGV id, bill, body, created ms, index entries older than ms may go
var addDeliveryScript = lua.Upkeep(luaNow + `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'base', ARGV[2], 'body', ARGV[3], 's', 'pending', 'n', 0)
redis.call('ZADD', KEYS[2], now(), ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
if ARGV[4] % 50 == 0 then redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[4] - ARGV[5]) end
return 1
`)

// indexScript puts a delivery into its tenant's list.
// KEYS index   ARGV id, created ms, entries older than ms may go
var indexScript = lua.Upkeep(`
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
if ARGV[2] % 50 == 0 then redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[3]) end
return 1
`)

// touchScript has a queue visited by a time, "" for now.
// KEYS queues   ARGV queue, ms or ""
var touchScript = lua.Upkeep(luaNow + `
local at = ARGV[2] == '' and now() or tonumber(ARGV[2])
local stands = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not stands or at < tonumber(stands) then redis.call('ZADD', KEYS[1], at, ARGV[1]) end
return 1
`)

// dueQueuesScript claims queues whose time has come for as long as a visit may take.
// KEYS queues   ARGV limit, visit ms   Returns queue, mark, queue, mark...
var dueQueuesScript = lua.Upkeep(luaNow + `
local t = now()
local out = {}
for _, q in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', t, 'LIMIT', 0, ARGV[1])) do
  redis.call('ZADD', KEYS[1], t + ARGV[2], q)
  table.insert(out, q)
  table.insert(out, redis.call('ZSCORE', KEYS[1], q))
end
return out
`)

// restQueueScript sets when a claimed queue is to be visited next, unless
// something came into it meanwhile.
// KEYS queues   ARGV queue, mark, next ms or ""
var restQueueScript = lua.Upkeep(`
if redis.call('ZSCORE', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then return redis.call('ZREM', KEYS[1], ARGV[1]) end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1
`)

// takeDeliveriesScript takes deliveries that are due. Those of an endpoint that
// is switched off or gone fail instead, some at a time.
// KEYS endpoint, state, due, leases
// ARGV prefix of deliveries, concurrency, lease ms, token, 1: an endpoint's, failures that break, life of what is over ms
// Returns {now, next ms or -1, endpoint's fields, {id, bill, body, attempts, tries}...}.
var takeDeliveriesScript = lua.Upkeep(luaNow + `
local t = now()
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', t)
local function first()
  local f = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  return f[2] and tonumber(f[2]) or -1
end
local e = redis.call('HMGET', KEYS[1], 'en', 'r', 'n')
local s = redis.call('HMGET', KEYS[2], 'fails', 'hold', 'ra', 'failing')
if ARGV[5] == '1' and e[1] ~= '1' then
  local why = e[1] and 'endpoint_disabled' or 'endpoint_deleted'
  for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, 499)) do
    if not redis.call('ZSCORE', KEYS[4], id) then
      local key = ARGV[1] .. id
      if redis.call('EXISTS', key) == 1 then
        redis.call('HSET', key, 's', 'failed', 'why', why, 'end', t)
        redis.call('PEXPIRE', key, ARGV[7])
      end
      redis.call('ZREM', KEYS[3], id)
    end
  end
  local left = first()
  return {t, left >= 0 and math.max(left, t) or -1, {}}
end
local rest = math.max(tonumber(s[2] or '') or 0, tonumber(s[3] or '') or 0)
if rest > t then
  local f = first()
  return {t, f >= 0 and math.max(f, rest) or -1, {}}
end
local room = tonumber(ARGV[2])
if tonumber(s[1] or '0') >= tonumber(ARGV[6]) then room = 1 end
room = room - redis.call('ZCARD', KEYS[4])
local out = {t, -1, {e[2] or '', e[3] or '', s[4] or ''}}
if room > 0 then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', t, 'LIMIT', 0, room)) do
    local key = ARGV[1] .. id
    local h = redis.call('HMGET', key, 'base', 'body', 'att', 'n')
    if h[1] then
      redis.call('HSET', key, 'tok', ARGV[4])
      redis.call('ZADD', KEYS[3], t + ARGV[3], id)
      redis.call('ZADD', KEYS[4], t + ARGV[3], id)
      table.insert(out, {id, h[1], h[2], h[3] or '', h[4]})
    else
      redis.call('ZREM', KEYS[3], id)
    end
  end
end
local f = first()
if f >= 0 and f <= t then -- there is no room: whoever ends a try comes again
  local over = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
  f = over[2] and tonumber(over[2]) or t
end
out[2] = f
return out
`)

// settleDeliveryScript writes what became of a try, and how the queue does.
// KEYS delivery, due, leases, state
// ARGV id, token, status, attempts, tries, due in ms, life of what is over ms, rest asked for ms, failures that break,
// first rest ms, longest rest ms, 1: success
// Returns {0} not its holder | {1, now, failing since or 0, first due or -1}.
var settleDeliveryScript = lua.Upkeep(luaNow + `
if redis.call('HGET', KEYS[1], 'tok') ~= ARGV[2] then return {0} end
local t = now()
redis.call('HSET', KEYS[1], 's', ARGV[3], 'att', ARGV[4], 'n', ARGV[5])
redis.call('HDEL', KEYS[1], 'tok')
redis.call('ZREM', KEYS[3], ARGV[1])
if ARGV[3] == 'pending' then
  redis.call('ZADD', KEYS[2], t + ARGV[6], ARGV[1])
else
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('HSET', KEYS[1], 'end', t)
  redis.call('PEXPIRE', KEYS[1], ARGV[7])
end
if tonumber(ARGV[8]) > 0 then redis.call('HSET', KEYS[4], 'ra', t + ARGV[8]) end
if ARGV[12] == '1' then
  local s = redis.call('HMGET', KEYS[4], 'fails', 'rel')
  if s[1] or s[2] then
    redis.call('HDEL', KEYS[4], 'fails', 'failing', 'hold', 'rel')
    local waiting = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. t, '+inf', 'LIMIT', 0, 1000)
    for _, id in ipairs(waiting) do
      if not redis.call('ZSCORE', KEYS[3], id) then redis.call('ZADD', KEYS[2], t, id) end
    end
    if #waiting == 1000 then redis.call('HSET', KEYS[4], 'rel', 1) end
  end
else
  local fails = redis.call('HINCRBY', KEYS[4], 'fails', 1)
  redis.call('HSETNX', KEYS[4], 'failing', t)
  local over = fails - tonumber(ARGV[9])
  if over >= 0 then
    local rest = math.min(ARGV[10] * 2 ^ math.min(over, 30), tonumber(ARGV[11]))
    redis.call('HSET', KEYS[4], 'hold', string.format('%.0f', t + rest))
  end
end
local f = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
return {1, t, tonumber(redis.call('HGET', KEYS[4], 'failing') or 0), f[2] and tonumber(f[2]) or -1}
`)

// againScript makes a delivery that is over due at once.
// KEYS delivery, due   ARGV id   Returns 0 gone, 1 not over, 2 done.
var againScript = lua.Intake(luaNow + `
local s = redis.call('HGET', KEYS[1], 's')
if not s then return 0 end
if s == 'pending' then return 1 end
redis.call('HSET', KEYS[1], 's', 'pending', 'n', 0)
redis.call('HDEL', KEYS[1], 'why', 'end')
redis.call('PERSIST', KEYS[1])
redis.call('ZADD', KEYS[2], now(), ARGV[1])
return 2
`)
