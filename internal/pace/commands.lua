-- The commands, each in terms of the budget; and what follows from them.
local commands = {}

-- outdone: a call that yields has had its turn, and others wait: those of other
-- accounts, or what does not yield of its own.
local function outdone(c)
  if not c.yields or redis.call('ZSCORE', LANE, c.job) then return false end
  local head = redis.call('ZRANGE', line(c.account), 0, 0, 'WITHSCORES')
  if head[2] and tonumber(head[2]) < plan.imports then return true end
  return redis.call('LLEN', TURNS) > (head[1] and 1 or 0)
end

-- take: {go, at} | {sleep, at, seq} | {busy} | {deny, at, why}
function commands.take(c)
  local windows = applies(c.op)
  local at, why = when(c.op, windows, c.yields)
  if at - now <= plan.horizon and outdone(c) then return {'deny', now + 1, 'pace'} end
  if at - now > plan.horizon then
    redis.call('ZREM', LANE, c.job)
    if not c.yields then set('denied', math.min(at, now + plan.relook)) end
    return {'deny', at, why}
  end
  if at <= now and busy() then return {'busy', now} end
  local seq = (num('seq') or 0) + 1
  set('seq', seq)
  for _, w in ipairs(windows) do slot(w, at, seq) end
  if at <= now then begin(c, seq); return {'go', now, '', seq} end
  arrived(c)
  redis.call('ZADD', HELD, at + plan.grace, c.holder)
  return {'sleep', at, why, seq}
end

local function drop(c)
  for _, w in ipairs(applies(c.op)) do
    if w.grain == 1 then redis.call('ZREM', w.key, c.seq) end
  end
  redis.call('ZREM', HELD, c.holder)
  out = out - redis.call('ZREM', CALLS, c.holder)
end

-- confirm turns a reservation whose slot has come into a call.
function commands.confirm(c)
  if frozen() > now then
    drop(c)
    return {'deny', frozen(), S.why}
  end
  if busy() then return {'busy', now} end
  redis.call('ZREM', HELD, c.holder)
  begin(c, c.seq)
  return {'go', now, '', c.seq}
end

function commands.cancel(c) drop(c); return {'ok', now} end

-- What the CRM told of its own count: of a short window or of a quota.
local function told(u)
  for _, q in ipairs(plan.quotas) do
    if q.name == u.quota then
      quota(q)
      local limit = u.limit > 0 and u.limit or num('limit' .. q.name) or q.requests
      set('limit' .. q.name, limit); set('used' .. q.name, math.max(0, limit - u.left))
      if q.rolling then set('ends' .. q.name, now + plan.believe)
      elseif u.reset > 0 then set('ends' .. q.name, now + u.reset) end
    end
  end
  local w = W[1]
  if u.quota ~= '' or not w or w.op ~= '' or w.quota then return end
  if u.limit > 0 and u.limit < w.requests then
    set('told1', u.limit); set('toldtill1', now + plan.believe)
  elseif u.limit > 0 then clear('told1') end
  local count = redis.call('ZCOUNT', w.key, now - w.per, '+inf') * w.grain
  set('left1', count + u.left); set('lefttill1', now + w.per)
  if u.left == 0 and u.reset > 0 then freeze(now + u.reset, 'pace') end
end

-- limited: the CRM refused for its pace. Its word holds; and unless it told its
-- limit, half of what was allowed is tried from then on.
local function limited(c)
  if frozen() <= now then
    for _, w in ipairs(applies(c.op)) do
      if not w.quota and not (num('told' .. w.i) and now < (num('toldtill' .. w.i) or 0)) then
        set('cut' .. w.i, math.max(1, math.floor(cap(w) / 2))); set('cutat' .. w.i, now + c.wait)
      end
    end
  end
  freeze(now + c.wait, c.wait > plan.long and 'quota' or 'pace')
  set('refusals', (num('refusals') or 0) + 1)
end

-- down: the CRM gave no answer of worth. After some in a row it is left alone
-- for a while, then tried by one call at a time. Calls that were out when that
-- was decided say no more than it did.
local function down(c)
  if frozen() > now and S.why == 'vendor_down' then return freeze(now + c.wait, 'vendor_down') end
  local fails = (num('fails') or 0) + 1
  set('fails', fails)
  if c.wait == 0 and fails < plan.patience and not S.trial then return end
  local level = math.min(num('level') or 0, 20)
  local pause = math.min(plan.pausecap, plan.pause * 2 ^ level)
  freeze(now + math.max(c.wait, math.floor(pause * (0.5 + c.spread / 2))), 'vendor_down')
  set('level', level + 1); set('trial', 1)
end

local function up()
  if S.fails then clear('fails') end
  if S.trial then clear('trial'); clear('level') end
end

function commands.done(c)
  out = out - redis.call('ZREM', CALLS, c.holder)
  if not c.yields then set('spent', (num('spent') or 0) + c.took) end
  retime(c, c.seq, function(w) return c.at + c.late + math.floor(math.min(c.rest, w.per / 50)) end)
  if c.verdict == 'down' then down(c) elseif c.verdict == 'up' then up() end
  for _, u in ipairs(c.usage or {}) do told(u) end
  if c.verdict == 'limited' then limited(c) end
  return {'ok', now}
end

function commands.limited(c) limited(c); return {'ok', now} end

-- room is how many jobs more may be on their way to a worker: what can begin
-- within the horizon, and no more than keep the calls going. Where a job was
-- just sent back into line, for a reason that may not show here (an operation's
-- own window), the others need not try either.
local function room()
  local n = plan.lane
  if math.max(frozen(), num('denied') or 0) > now + plan.horizon then return 0 end
  for _, q in ipairs(plan.quotas) do
    local used, may = quota(q)
    n = math.min(n, may - used)
  end
  for _, w in ipairs(applies('')) do
    local taken = redis.call('ZCOUNT', w.key, now + plan.horizon - w.per - w.guard, '+inf') * w.grain
    if w.grain > 1 and taken > 0 then taken = taken - w.grain + (num('fill' .. w.i) or w.grain) end
    n = math.min(n, cap(w) - taken)
  end
  local lane = redis.call('ZCARD', LANE)
  n = n - lane
  local most = concurrency()
  if most > 0 then
    local ready = most + math.min(most, plan.ahead)
    if S.trial then ready = 1 end
    n = math.min(n, ready - lane - redis.call('ZCARD', HELD) - out)
  end
  return math.max(0, n)
end

local function queued() return redis.call('LLEN', TURNS) > 0 end

-- enter: {lane} | {line} | {full}, with the account's backlog.
function commands.enter(c)
  local waiting = redis.call('ZCARD', line(c.account))
  if plan.backlog > 0 and waiting >= plan.backlog then return {'full', now, '', waiting} end
  if queued() or room() == 0 then return {'line', now, '', waiting} end
  redis.call('ZADD', LANE, now + plan.travel, c.job)
  return {'lane', now, '', waiting}
end

-- join puts a job into its account's line: by priority, then by arrival.
function commands.join(c)
  local waiting = line(c.account)
  redis.call('ZREM', LANE, c.job)
  local first = redis.call('EXISTS', waiting) == 0
  redis.call('ZADD', waiting, c.priority * 2 ^ 44 + c.arrival, c.job)
  if first then redis.call('RPUSH', TURNS, c.account) end
  return {'ok', now}
end

function commands.leave(c)
  local waiting = line(c.account)
  redis.call('ZREM', LANE, c.job)
  redis.call('ZREM', waiting, c.job)
  if redis.call('EXISTS', waiting) == 0 then redis.call('LREM', TURNS, 0, c.account) end
  return {'ok', now}
end

function commands.gone(c) redis.call('ZREM', LANE, c.job); return {'ok', now} end

-- next is when it pays to admit again.
local function next()
  local at = math.max(when('', applies('')), num('denied') or 0)
  return math.max(now + plan.tick, at - plan.horizon)
end

-- resend lists jobs that no worker has taken: whoever was to bring them there
-- may have died. One that is not in line any more gives its place away then.
local function resend(out)
  for _, job in ipairs(redis.call('ZRANGEBYSCORE', LANE, '-inf', now, 'LIMIT', 0, 100)) do
    redis.call('ZADD', LANE, now + plan.travel, job)
    table.insert(out, job)
  end
end

-- admit moves jobs from the lines to the lane, one account after the other:
-- {next | 0, job...}
local function admit()
  local out = {0}
  resend(out)
  local first = redis.call('ZRANGE', LANE, 0, 0, 'WITHSCORES')
  if first[2] then out[1] = math.max(now + plan.tick, tonumber(first[2]) + 1) end
  local n = queued() and room() or 0
  while n > 0 do
    local account = redis.call('LPOP', TURNS)
    if not account then break end
    local z = redis.call('ZPOPMIN', line(account))
    if z[1] then
      redis.call('ZADD', LANE, now + plan.travel, z[1])
      table.insert(out, z[1])
      n = n - 1
      if redis.call('EXISTS', line(account)) == 1 then redis.call('RPUSH', TURNS, account) end
    end
  end
  if queued() then out[1] = out[1] > 0 and math.min(out[1], next()) or next() end
  return out
end

function commands.place(c)
  local rank = redis.call('ZRANK', line(c.account), c.job)
  if not rank and redis.call('ZSCORE', LANE, c.job) then rank = -2 end
  return {'place', now, '', rank or -1}
end

function commands.look(c)
  local out = {'look', now, S.why or '', redis.call('ZCARD', line(c.account)), frozen(), redis.call('ZCARD', LANE),
    out, concurrency(), num('takes') or 0, num('jobs') or 0, num('spent') or 0, redis.call('LLEN', TURNS),
    S.trial and 1 or 0, num('refusals') or 0}
  for _, v in ipairs({when('', applies(''))}) do table.insert(out, v) end
  for _, w in ipairs(W) do
    table.insert(out, cap(w)); table.insert(out, redis.call('ZCOUNT', w.key, now - w.per, '+inf') * w.grain)
  end
  for _, q in ipairs(plan.quotas) do
    local used, may, ends, limit = quota(q)
    table.insert(out, limit); table.insert(out, used); table.insert(out, limit > 0 and may or -1); table.insert(out, ends)
  end
  return out
end

local results = {}
for _, c in ipairs(cjson.decode(ARGV[2])) do table.insert(results, commands[c['do']](c)) end
local admitted = admit()

for _, w in ipairs(W) do
  if w.touched then
    redis.call('ZREMRANGEBYSCORE', w.key, '-inf', now - w.per - 2 * w.guard - plan.horizon)
    redis.call('PEXPIRE', w.key, w.per + w.guard + 60000)
  end
end
local writes = {}
for name in pairs(changed) do
  if S[name] then table.insert(writes, name); table.insert(writes, S[name]) end
end
if #writes > 0 then
  redis.call('HSET', KEYS[1], unpack(writes))
  redis.call('PEXPIRE', KEYS[1], plan.memory)
end
return {now, admitted, results}
