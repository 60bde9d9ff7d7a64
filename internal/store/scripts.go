package store

import "crmferry/internal/lua"

// A job is one hash:
//
//	v version   s status   e epoch   a attempt   p place   t tenant
//	c cancel requested     d something was sent (the journal is not empty)
//	base, state, input, result: JSON     raw: the CRM's very words
//	proof the record that a lost worker's create made: JSON
//	absent the last attempt of a lost worker whose create was not applied
//
// Every script that changes a job names what it believes to be current. Times
// are milliseconds of Redis's clock.
const luaNow = `
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
`

// luaMaster notes which master the shard is on, and gives the time at which it
// was last seen to come from a replica, 0 for never. A promoted replica tells
// by whose history it was one; a master that merely started again does not.
const luaMaster = `
local function changed(key, t)
  local info = redis.pcall('INFO', 'replication')
  if type(info) ~= 'string' then return 0 end
  local known = redis.call('HMGET', key, 'id', 'at')
  local id = string.match(info, 'master_replid:(%x+)')
  if id and id ~= known[1] then
    redis.call('HSET', key, 'id', id)
    if string.match(info, 'master_replid2:%x*[1-9a-f]') then
      redis.call('HSET', key, 'at', t)
      return t
    end
  end
  return tonumber(known[2]) or 0
end
`

// acceptScript stores a new job, unless its idempotency key is taken.
// KEYS job, open, by tenant, by account, idempotency key ("" when there is none: then equal to job), open by tenant, prints
// ARGV id, version, tenant, base, input, created ms, look ms, fingerprint or "", status, place, state, life of prints ms, then 0 and a member for each
var acceptScript = lua.Intake(luaNow + `
if ARGV[8] ~= '' then
  local taken = redis.call('HMGET', KEYS[5], 'id', 'f')
  if taken[1] then return {0, taken[1], taken[2]} end
  redis.call('HSET', KEYS[5], 'id', ARGV[1], 'f', ARGV[8])
end
if redis.call('EXISTS', KEYS[1]) == 1 then return {1} end -- the client tries again after a lost answer
redis.call('HSET', KEYS[1], 'v', ARGV[2], 's', ARGV[9], 'e', 1, 'a', 0, 'p', ARGV[10], 't', ARGV[3], 'base', ARGV[4], 'input', ARGV[5], 'state', ARGV[11])
redis.call('ZADD', KEYS[2], now() + ARGV[7], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[6], ARGV[1])
redis.call('ZADD', KEYS[4], ARGV[6], ARGV[1])
redis.call('HINCRBY', KEYS[6], ARGV[3], 1)
if ARGV[13] then
  redis.call('ZADD', KEYS[7], unpack(ARGV, 13))
  if redis.call('PTTL', KEYS[7]) < tonumber(ARGV[12]) then redis.call('PEXPIRE', KEYS[7], ARGV[12] + 3600000) end -- not each time
end
return {1}
`)

// claimScript gives a job to a worker: one whose task the worker has, or, with
// no epoch, one that is in line, whose epoch it raises.
// KEYS job, open, master   ARGV id, newest readable version, epoch, lease ms
// Returns {0 gone | 1 stale | 2 newer | 3, now, last change of the master, fields...}.
var claimScript = lua.Upkeep(luaNow + luaMaster + `
local h = redis.call('HMGET', KEYS[1], 'v', 's', 'e', 'p')
if not h[1] then return {0} end
if tonumber(h[1]) > tonumber(ARGV[2]) then return {2} end
if ARGV[3] == '' then
  if h[4] ~= 'line' then return {1} end
  redis.call('HINCRBY', KEYS[1], 'e', 1)
elseif h[3] ~= ARGV[3] or h[4] ~= 'queue' then return {1} end
local s = h[2] == 'verifying' and h[2] or 'running'
redis.call('HSET', KEYS[1], 's', s, 'p', 'worker')
redis.call('HINCRBY', KEYS[1], 'a', 1)
local t = now()
redis.call('ZADD', KEYS[2], t + ARGV[4], ARGV[1])
return {3, t, changed(KEYS[3], t), redis.call('HGETALL', KEYS[1])}
`)

// held is the condition of all writes of a worker: it holds the job under this
// epoch and attempt.
const luaHeld = `
local h = redis.call('HMGET', KEYS[1], 'e', 'a', 'p', 'c')
if h[1] ~= ARGV[2] or h[2] ~= ARGV[3] or h[3] ~= 'worker' then return 0 end
`

// saveScript journals a held job. A job that stays with the worker keeps the
// lease that its claim and the renewals give it.
// KEYS job, open
// ARGV id, epoch, attempt, status, place, sent, state, due ms (in line: from now), result or "", raw
var saveScript = lua.Upkeep(luaNow + luaHeld + `
redis.call('HSET', KEYS[1], 's', ARGV[4], 'p', ARGV[5], 'd', ARGV[6], 'state', ARGV[7])
if ARGV[9] ~= '' then redis.call('HSET', KEYS[1], 'result', ARGV[9], 'raw', ARGV[10]) end
if ARGV[5] == 'worker' then return 1 end
local at = tonumber(ARGV[8])
if ARGV[5] == 'line' then at = now() + at end
if h[4] == '1' and ARGV[6] ~= '1' then -- cancelled meanwhile, and nothing was sent
  at = now()
  redis.call('HSET', KEYS[1], 'p', 'timer')
end
redis.call('ZADD', KEYS[2], at, ARGV[1])
return 1
`)

// luaEnd puts a job among the finished ones and sets when everything about it
// expires; index entries past any retention go at the same time. What is to be
// told by webhook goes into the outbox.
const luaEnd = `
if ARGV[15] ~= '0' then
  redis.call('ZADD', KEYS[10], 0, ARGV[14])
  if redis.call('PTTL', KEYS[10]) < 0 then redis.call('PEXPIRE', KEYS[10], math.max(ARGV[8], ARGV[10])) end
end
redis.call('ZADD', KEYS[3], ARGV[6], ARGV[1])
if ARGV[6] % 50 == 0 then -- one end in fifty sweeps for the others
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[6] - ARGV[8])
  redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', ARGV[6] - ARGV[8] - ARGV[12])
  redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', ARGV[6] - ARGV[8] - ARGV[12])
end
redis.call('SET', KEYS[4], ARGV[9], 'PX', ARGV[10])
redis.call('PEXPIRE', KEYS[1], ARGV[8])
if KEYS[5] ~= KEYS[1] then redis.call('PEXPIRE', KEYS[5], ARGV[8]) end
if ARGV[16] == 'callback' or ARGV[16] == 'endpoints' and redis.call('EXISTS', KEYS[12]) == 1 then
  redis.call('ZADD', KEYS[11], 0, ARGV[1] .. ':' .. ARGV[4])
end
redis.call('PUBLISH', ARGV[11], ARGV[1])
return 1
`

// luaOver takes a job from those that are open, and counts it.
const luaOver = `
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('INCR', KEYS[8])
local tenant = redis.call('HGET', KEYS[1], 't')
if redis.call('HINCRBY', KEYS[9], tenant, -1) <= 0 then redis.call('HDEL', KEYS[9], tenant) end
`

// finishScript ends a held job and sets when everything about it expires. One
// that would end unknown though there is proof by now is to be looked at again.
// KEYS job, open, finished, receipt, idempotency key (or job), by tenant, by account, count of ends, open by tenant, prints,
// outbox, whether the tenant has endpoints
// ARGV id, epoch, attempt, status, state, finished ms, result or "", ttl ms, receipt, receipt ttl ms,
// channel, longest life of an open job ms, raw, member of prints for the remote id, 0 when there is none,
// who is told: callback, endpoints or nobody
var finishScript = lua.Upkeep(luaNow + luaHeld + `
if ARGV[4] == 'unknown' and redis.call('HEXISTS', KEYS[1], 'proof') == 1 then
  redis.call('HSET', KEYS[1], 'p', 'timer')
  redis.call('ZADD', KEYS[2], now(), ARGV[1])
  return 0
end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'p', '', 'state', ARGV[5])
if ARGV[7] ~= '' then
  redis.call('HSET', KEYS[1], 'result', ARGV[7], 'raw', ARGV[13])
else
  redis.call('HDEL', KEYS[1], 'result', 'raw')
end
` + luaOver + luaEnd)

// cancelScript ends a job that nobody holds and of which nothing was sent, or
// asks the worker to. Arguments as finishScript, without result; the job must
// be as it was read: ARGV[2] epoch, ARGV[3] attempt.
// Returns 0 changed meanwhile, 1 ended, 2 requested.
var cancelScript = lua.Upkeep(`
local h = redis.call('HMGET', KEYS[1], 'e', 'a', 'p', 'd')
if h[3] == '' or not h[3] then return 0 end
if h[3] == 'worker' or h[4] == '1' then
  redis.call('HSET', KEYS[1], 'c', '1')
  return 2
end
if h[1] ~= ARGV[2] or h[2] ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'p', '', 'state', ARGV[5])
` + luaOver + luaEnd)

// testifyScript keeps what a worker knows that lost the job. Proof turns the
// end unknown into succeeded, and a job that waits in doubt is looked at at
// once. Arguments as finishScript, and 17 the proof or "", 18 the status with
// which it was read.
// Returns 0 no such attempt, 1 kept, 2 it changed since it was read.
var testifyScript = lua.Upkeep(luaNow + `
local h = redis.call('HMGET', KEYS[1], 's', 'a', 'p')
if not h[1] or tonumber(h[2]) < tonumber(ARGV[3]) then return 0 end
if ARGV[17] == '' then
  redis.call('HSET', KEYS[1], 'absent', ARGV[3])
else
  if (h[1] == 'unknown') ~= (ARGV[18] == 'unknown') then return 2 end
  redis.call('HSET', KEYS[1], 'proof', ARGV[17])
end
if h[1] == 'verifying' and h[3] == 'timer' then redis.call('ZADD', KEYS[2], now(), ARGV[1]) end
if h[1] ~= 'unknown' or ARGV[17] == '' then return 1 end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'state', ARGV[5], 'result', ARGV[7], 'raw', ARGV[13])
` + luaEnd)

// deleteScript forgets a job. A full Redis takes no transactions.
// KEYS job, receipt, idempotency key (or job), finished, by tenant, by account, prints   ARGV id, members of prints...
var deleteScript = lua.Upkeep(`
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
for i = 4, 6 do redis.call('ZREM', KEYS[i], ARGV[1]) end
if ARGV[2] then redis.call('ZREM', KEYS[7], unpack(ARGV, 2)) end
return 1
`)

// dueScript lists jobs whose time has come, and forgets those without a record.
// It runs all the time, so that a change of the master is seen soon.
// KEYS open, master   ARGV limit, prefix of job keys
var dueScript = lua.Upkeep(luaNow + luaMaster + `
local t = now()
changed(KEYS[2], t)
local out = {t}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', t, 'LIMIT', 0, ARGV[1])) do
  local h = redis.call('HMGET', ARGV[2] .. id, 's', 'e', 'p', 'base')
  if h[1] and h[3] ~= '' then
    table.insert(out, {id, h[1], h[2], h[3], h[4]})
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return out
`)

// requeueScript raises the epoch of a job that is still as it was seen.
// KEYS job, open   ARGV id, epoch, place, look ms
var requeueScript = lua.Upkeep(luaNow + `
local h = redis.call('HMGET', KEYS[1], 'e', 'p', 's')
if h[1] ~= ARGV[2] or h[2] ~= ARGV[3] then return 0 end
if h[3] ~= 'verifying' then redis.call('HSET', KEYS[1], 's', 'queued') end
redis.call('HSET', KEYS[1], 'p', 'queue')
redis.call('ZADD', KEYS[2], now() + ARGV[4], ARGV[1])
return redis.call('HINCRBY', KEYS[1], 'e', 1)
`)

// advanceScript puts a job that is in line into the queue's place.
// KEYS job, open   ARGV id, look ms   Returns 0 or {epoch, base}.
var advanceScript = lua.Upkeep(luaNow + `
local h = redis.call('HMGET', KEYS[1], 'p', 's', 'base')
if h[1] ~= 'line' then return 0 end
if h[2] ~= 'verifying' then redis.call('HSET', KEYS[1], 's', 'queued') end
redis.call('HSET', KEYS[1], 'p', 'queue')
redis.call('ZADD', KEYS[2], now() + ARGV[2], ARGV[1])
return {redis.call('HINCRBY', KEYS[1], 'e', 1), h[3]}
`)

// takeScript gives jobs to a worker that goes past the queue: those that are
// in the queue's place and those whose time has come. What was put into the
// queue a moment ago is left alone: it is on its way, or another worker's.
// KEYS open   ARGV limit, prefix of job keys, look ms, moment ms, how many to look at
// Returns {now, {id, status, epoch, place before, base}...}.
var takeScript = lua.Upkeep(luaNow + `
local t = now()
local look = t + ARGV[3]
local out = {t}
local places = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[5])
for i = 1, #places, 2 do
  if #out > tonumber(ARGV[1]) then break end
  local id, score = places[i], tonumber(places[i + 1])
  local key = ARGV[2] .. id
  local h = redis.call('HMGET', key, 's', 'p', 'base')
  local queued = h[2] == 'queue' and (score <= look - ARGV[4] or score > look)
  local due = score <= t and (h[2] == 'timer' or h[2] == 'worker')
  if queued or due then
    if h[1] ~= 'verifying' then redis.call('HSET', key, 's', 'queued') end
    redis.call('HSET', key, 'p', 'queue')
    redis.call('ZADD', KEYS[1], look, id)
    table.insert(out, {id, h[1], tostring(redis.call('HINCRBY', key, 'e', 1)), h[2], h[3]})
  end
end
return out
`)

// postponeScript moves the time of a job that is still as it was seen.
// KEYS job, open   ARGV id, epoch, place, by ms
var postponeScript = lua.Upkeep(luaNow + `
local h = redis.call('HMGET', KEYS[1], 'e', 'p')
if h[1] ~= ARGV[2] or h[2] ~= ARGV[3] then return 0 end
redis.call('ZADD', KEYS[2], 'XX', now() + ARGV[4], ARGV[1])
return 1
`)

// linkScript notes on a terminal job that it was retried.
// KEYS job   ARGV state
var linkScript = lua.Upkeep(`
if redis.call('HGET', KEYS[1], 'p') ~= '' then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[1])
return 1
`)

// ownScript claims a remote record for a job and gives its owner.
// KEYS own   ARGV job id, life ms
var ownScript = lua.Upkeep(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return ARGV[1] end
return redis.call('GET', KEYS[1])
`)

// leadScript takes or keeps the lead.
// KEYS lead   ARGV holder, hold ms
var leadScript = lua.Upkeep(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)
