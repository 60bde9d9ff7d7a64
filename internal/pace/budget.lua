-- One budget's calls, in one step: give back, take, line up, admit. All times
-- are milliseconds of Redis's clock.
-- KEYS 1 state   ARGV 1 plan, '' for the last one   2 commands   3 prefix of
-- the budget's other keys, which lie in the same slot:
--   lane: jobs on their way to a worker     held: reservations that wait for their slot
--   calls: calls that are out               turns: accounts that have a line
--   line:<account>                          window:<name>
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local S, changed = {}, {}
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do S[flat[i]] = flat[i + 1] end

local function num(name) return tonumber(S[name]) end

local function set(name, value) S[name] = tostring(value); changed[name] = true end

local function clear(name)
  if S[name] then S[name] = nil; redis.call('HDEL', KEYS[1], name) end
end

if ARGV[1] ~= '' and ARGV[1] ~= S.plan then set('plan', ARGV[1]) end
if not S.plan then return {now} end
local plan = cjson.decode(S.plan)
local W = plan.windows
for i, w in ipairs(W) do w.i, w.key = i, ARGV[3] .. 'window:' .. w.name end

local LANE, HELD, CALLS, TURNS = ARGV[3] .. 'lane', ARGV[3] .. 'held', ARGV[3] .. 'calls', ARGV[3] .. 'turns'

local function line(account) return ARGV[3] .. 'line:' .. account end

-- Leases of the dead.
for _, key in ipairs({HELD, CALLS}) do redis.call('ZREMRANGEBYSCORE', key, '-inf', now) end

local function frozen() return num('frozen') or 0 end

local function freeze(till, why)
  if till > frozen() then set('frozen', till); set('why', why) end
end

-- cap is what a window allows at present: what the CRM told and what its
-- refusals taught wins while it is fresh.
local function cap(w)
  local n = w.requests
  local told = num('told' .. w.i)
  if told and now < (num('toldtill' .. w.i) or 0) then n = math.min(n, told) end
  local left = num('left' .. w.i)
  if left and now < (num('lefttill' .. w.i) or 0) then n = math.min(n, left) end
  local cut = num('cut' .. w.i)
  if cut then
    local back = math.floor((now - num('cutat' .. w.i)) / (4 * w.per)) * math.max(1, math.floor(w.requests / 16))
    n = math.min(n, cut + back)
  end
  return math.max(1, n)
end

local function score(key, from)
  local z = redis.call('ZREVRANGE', key, from, from, 'WITHSCORES')
  return z[2] and tonumber(z[2])
end

-- earliest is when a window has room for one more call. Slots never go before
-- one that was given already.
local function earliest(w, yields)
  local at = math.max(now, num('last' .. w.i) or 0)
  local allowed = cap(w)
  if yields and w.yield then allowed = math.min(allowed, w.yield) end
  local fill = w.grain > 1 and num('fill' .. w.i) or w.grain
  if fill < math.min(w.grain, allowed) then return at end
  local oldest = score(w.key, math.max(1, math.floor(allowed / w.grain)) - 1)
  if oldest then at = math.max(at, oldest + w.per + w.guard) end
  return at
end

-- slot books one call in a window. Windows of very many calls count them in
-- grains; a grain's time is that of its last call.
local function slot(w, at, seq)
  w.touched = true
  set('last' .. w.i, math.max(at, num('last' .. w.i) or 0))
  if w.grain > 1 then
    local fill, grain = num('fill' .. w.i) or w.grain, S['grain' .. w.i]
    if fill < math.min(w.grain, cap(w)) and grain and redis.call('ZSCORE', w.key, grain) then
      if at > tonumber(redis.call('ZSCORE', w.key, grain)) then redis.call('ZADD', w.key, at, grain) end
      set('fill' .. w.i, fill + 1)
      return
    end
    set('grain' .. w.i, seq); set('fill' .. w.i, 1)
  end
  redis.call('ZADD', w.key, at, seq)
end

-- applies lists the windows of an operation: those of its own, else the
-- general ones; and those that stand for quotas.
local function applies(op)
  local own, general = {}, {}
  for _, w in ipairs(W) do
    if w.quota then table.insert(own, w); table.insert(general, w)
    elseif w.op == op then table.insert(own, w); own.any = true
    elseif w.op == '' then table.insert(general, w) end
  end
  return own.any and own or general
end

-- quota gives what a quota's period has used and may use, and its end.
local function quota(q)
  local used, ends = num('used' .. q.name) or 0, num('ends' .. q.name) or 0
  if now >= ends then
    used, ends = 0, q.ends
    if q.name == 'day' then ends = (math.floor(now / 86400000) + 1) * 86400000 end
    if ends <= now then ends = now + 86400000 end
    set('used' .. q.name, used); set('ends' .. q.name, ends)
    if q.rolling then clear('limit' .. q.name) end
  end
  local limit = num('limit' .. q.name) or q.requests
  if limit == 0 then return used, math.huge, ends, 0 end -- only the CRM knows it, and has not told
  return used, math.floor(limit * (100 - q.reserve) / 100), ends, limit
end

-- when is the time at which a call of op may begin, and what it waits for.
local function when(op, windows, yields)
  local at, why = now, ''
  if frozen() > at then at, why = frozen(), S.why end
  for _, q in ipairs(plan.quotas) do
    local used, may, ends, limit = quota(q)
    if yields and limit > 0 then may = math.min(may, math.floor(limit * (100 - q.yield) / 100)) end
    if used >= may and ends > at then at, why = ends, 'quota' end
  end
  for _, w in ipairs(windows) do
    local e = earliest(w, yields)
    if e > at then at, why = e, w.quota and 'quota' or 'pace' end
  end
  return at, why
end

local function concurrency()
  if S.trial then return 1 end -- after an outage one call at a time
  return plan.concurrency
end

local out = redis.call('ZCARD', CALLS)

local function busy()
  local most = concurrency()
  return most > 0 and out >= most
end

-- arrived counts a job when it comes from the lane.
local function arrived(c)
  if redis.call('ZREM', LANE, c.job) == 1 and not c.yields then set('jobs', (num('jobs') or 0) + 1) end
end

-- retime sets when a call counts, in each of its windows.
local function retime(c, seq, at)
  for _, w in ipairs(applies(c.op)) do
    if w.grain == 1 and redis.call('ZSCORE', w.key, seq) then redis.call('ZADD', w.key, at(w), seq) end
  end
end

-- A call counts from when it comes to the CRM. While it is out that may still be
-- ahead; once it has ended it is known, but for its way.
local function begin(c, seq)
  retime(c, seq, function(w) return now + math.floor(math.min(plan.grace, w.per / 4)) end)
  out = out + redis.call('ZADD', CALLS, now + plan.lease, c.holder)
  arrived(c)
  if not c.yields then set('takes', (num('takes') or 0) + 1) end
  if (num('takes') or 0) > 2000 then -- older calls tell less
    for _, name in ipairs({'takes', 'jobs', 'spent'}) do set(name, math.floor((num(name) or 0) / 2)) end
  end
  for _, q in ipairs(plan.quotas) do set('used' .. q.name, quota(q) + 1) end
end
