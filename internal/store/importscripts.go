package store

import "crmferry/internal/lua"

// takeSliceScript gives a turn the slice that it has, or the next one. A turn
// that finds the import not running puts its slice down, for whoever goes on,
// unless a lost worker may have sent rows of it: those are still to be settled.
// A turn of an earlier start gets nothing any more, nor does a hold that another
// came after.
// KEYS import, slices, rows, sizes
// ARGV turn, token, generation, rows wanted, its slice that is done or "", prefix of the import's keys, attempt
// Returns {none} | {stale} | {new, block, from, to} | {old, block, from, to, settled, {index, mark...}}.
var takeSliceScript = lua.Upkeep(`
local i = redis.call('HMGET', KEYS[1], 's', 'gen', 'c', 'block', 'offset', 'sa', 'taken')
if not i[1] then return {'none'} end
if i[2] ~= ARGV[3] then return {'none'} end
local held = 'held:' .. ARGV[1]
local last = redis.call('HGET', KEYS[1], held)
if last ~= ARGV[2] then
  local gen, attempt = string.match(last or '', '^(%d+)%.(%d+)$')
  if gen == ARGV[3] and tonumber(attempt) > tonumber(ARGV[7]) then return {'stale'} end
  redis.call('HSET', KEYS[1], held, ARGV[2])
end
local mine = redis.call('HGET', KEYS[2], ARGV[1])
local b, from, to, token
if mine then b, from, to, token = string.match(mine, '^(%d+),(%d+),(%d+),(.*)$') end
if mine and ARGV[5] == b .. ',' .. from .. ',' .. to and token == ARGV[2] then
  redis.call('HDEL', KEYS[2], ARGV[1])
  mine = nil
end
local settled, marks = {}, {}
if mine then
  local over = redis.call('EXISTS', ARGV[6] .. 'res:' .. b) == 1
  for index = tonumber(from), tonumber(to) - 1 do
    if over or redis.call('HEXISTS', ARGV[6] .. 'out:' .. b, index) == 1 then
      table.insert(settled, index)
    else
      local m = redis.call('HGET', KEYS[3], b .. ':' .. index)
      if m and string.sub(m, 1, 9) == '{"h":true' then table.insert(settled, index)
      elseif m then table.insert(marks, index); table.insert(marks, m) end
    end
  end
end
if i[1] ~= 'running' or i[3] == '1' then
  if not mine then return {'none'} end
  if #marks == 0 then
    redis.call('HSET', KEYS[2], ARGV[1], b .. ',' .. from .. ',' .. to .. ',')
    return {'none'}
  end
else
  redis.call('HDEL', KEYS[1], 'wf', 'wu')
end
if mine then
  redis.call('HSET', KEYS[2], ARGV[1], b .. ',' .. from .. ',' .. to .. ',' .. ARGV[2])
  return {'old', b, from, to, settled, marks}
end
local block, offset = tonumber(i[4] or 0), tonumber(i[5] or 0)
local size = redis.call('LINDEX', KEYS[4], block)
if size and offset >= tonumber(size) then
  block, offset = block + 1, 0
  size = redis.call('LINDEX', KEYS[4], block)
end
if not size then return {'none'} end
local n = math.min(tonumber(ARGV[4]), tonumber(size) - offset)
local most = tonumber(i[6] or '') or 0
if most > 0 then
  n = math.min(n, most - tonumber(i[7] or 0))
  if n <= 0 then
    redis.call('HSET', KEYS[1], 's', 'paused', 'reason', 'stop_after')
    return {'none'}
  end
end
redis.call('HSET', KEYS[1], 'block', block, 'offset', offset + n)
redis.call('HINCRBY', KEYS[1], 'taken', n)
redis.call('HSETNX', KEYS[1], 'started', redis.call('TIME')[1] * 1000)
redis.call('HSET', KEYS[2], ARGV[1], block .. ',' .. offset .. ',' .. offset + n .. ',' .. ARGV[2])
return {'new', block, offset, offset + n}
`)

// luaResult writes the result of a row once, counts it, and says whether that
// was the first: a block that is packed has all of them. An import of which nearly all of the first rows, or too many,
// failed is paused.
const luaResult = `
local headMost, headBad = 500, 450
local function result(out, field, index, status, outcome, code, raw)
  if redis.call('EXISTS', (string.gsub(out, 'out:(%d+)$', 'res:%1'))) == 1 then return false end
  if redis.call('HSETNX', out, index, raw) == 0 then return false end
  redis.call('HDEL', ROWS, field)
  local failed = redis.call('HINCRBY', KEYS[1], 'n:' .. status, 1)
  if outcome ~= '' then redis.call('HINCRBY', KEYS[1], 'o:' .. outcome, 1) end
  local i = redis.call('HMGET', KEYS[1], 'mf', 's', 'h:n')
  local trip = false
  if status == 'failed' and tonumber(i[1] or '') and tonumber(i[1]) > 0 then trip = failed >= tonumber(i[1]) end
  if (i[1] or '') == '' and tonumber(i[3] or 0) < headMost and status ~= 'skipped' and status ~= 'cancelled' then
    local bad = 0
    if status == 'failed' then bad = redis.call('HINCRBY', KEYS[1], 'h:' .. code, 1) end
    local n = redis.call('HINCRBY', KEYS[1], 'h:n', 1)
    if bad >= headBad then redis.call('HSET', KEYS[1], 'h:bad', 1) end
    trip = n == headMost and redis.call('HEXISTS', KEYS[1], 'h:bad') == 1
  end
  if trip and i[2] == 'running' then redis.call('HSET', KEYS[1], 's', 'paused', 'reason', 'max_failed') end
  return true
end
-- done: each row of the block has its result.
local function done(block, out)
  local size = redis.call('LINDEX', (string.gsub(KEYS[1], 'import$', 'sizes')), block)
  return size and redis.call('HLEN', out) >= tonumber(size) and 1 or 0
end
`

// writeRowsScript journals rows of a turn's slice and writes results.
// KEYS import, slices, rows, out   ARGV turn, token, block, how many marks, jobs, cleared rows and results follow
// Returns {0 another has the slice | 1, whether more rows may be begun, whether the block is done}.
var writeRowsScript = lua.Upkeep(`local ROWS = KEYS[3]` + luaResult + `
local mine = redis.call('HGET', KEYS[2], ARGV[1])
local b, token
if mine then b, token = string.match(mine, '^(%d+),%d+,%d+,(.*)$') end
if b ~= ARGV[3] or token ~= ARGV[2] then return {0, 0, 0} end
local at = 8
for _ = 1, tonumber(ARGV[4]) + tonumber(ARGV[5]) do
  redis.call('HSET', ROWS, b .. ':' .. ARGV[at], ARGV[at + 1])
  at = at + 2
end
for _ = 1, tonumber(ARGV[6]) do
  redis.call('HDEL', ROWS, b .. ':' .. ARGV[at])
  at = at + 1
end
for _ = 1, tonumber(ARGV[7]) do
  result(KEYS[4], b .. ':' .. ARGV[at], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  at = at + 5
end
local i = redis.call('HMGET', KEYS[1], 's', 'c')
return {1, i[1] == 'running' and i[2] ~= '1' and 1 or 0, done(b, KEYS[4])}
`)

// settleRowScript writes the result of a row that went on as a job.
// KEYS import, rows, out   ARGV place, block, index, status, outcome, code, result
// Returns {0 it has one | 1, whether the block is done}.
var settleRowScript = lua.Upkeep(`local ROWS = KEYS[2]` + luaResult + `
if redis.call('HEXISTS', ROWS, ARGV[1]) == 0 then return {0, 0} end
if not result(KEYS[3], ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]) then
  redis.call('HDEL', ROWS, ARGV[1])
  return {0, 0}
end
return {1, done(ARGV[2], KEYS[3])}
`)

// restTurnScript notes what a turn waits for.
// KEYS import, slices   ARGV turn, token, what, until ms
var restTurnScript = lua.Upkeep(`
if redis.call('HGET', KEYS[1], 's') ~= 'running' then return 0 end
redis.call('HSET', KEYS[1], 'wf', ARGV[3], 'wu', ARGV[4])
return 1
`)

// compactScript replaces the results of a block that is done by packed ones, and
// its rows by those that did not succeed.
// KEYS import, out, packed results, block, column   ARGV how many results, packed, rows or "", column of remote ids or ""
var compactScript = lua.Upkeep(`
if redis.call('EXISTS', KEYS[3]) == 1 or redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[3], ARGV[2])
redis.call('DEL', KEYS[2])
if ARGV[3] ~= '' then redis.call('SET', KEYS[4], ARGV[3]) else redis.call('DEL', KEYS[4]) end
if ARGV[4] ~= '' then redis.call('SET', KEYS[5], ARGV[4]) end
return 1
`)

// amendScript replaces an unknown row's result, in the hash or packed, if it
// still is as it was read.
// KEYS import, out, packed results, column   ARGV index, new result or "", old packed, new packed, column of remote ids or ""
var amendScript = lua.Upkeep(`
if ARGV[2] ~= '' then
  local old = redis.call('HGET', KEYS[2], ARGV[1])
  if not old or string.match(old, '"status":"(%a+)"') ~= 'unknown' then return 0 end
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
else
  if redis.call('GET', KEYS[3]) ~= ARGV[3] then return 0 end
  redis.call('SET', KEYS[3], ARGV[4], 'KEEPTTL')
  if ARGV[5] ~= '' then
    redis.call('SET', KEYS[4], ARGV[5])
    local left = redis.call('PTTL', KEYS[3])
    if left > 0 then redis.call('PEXPIRE', KEYS[4], left) end
  end
end
redis.call('HINCRBY', KEYS[1], 'n:unknown', -1)
redis.call('HINCRBY', KEYS[1], 'n:succeeded', 1)
redis.call('HINCRBY', KEYS[1], 'o:created', 1)
return 1
`)

// endScript ends an import of which nothing is under way any more: with no rows
// left it is completed, and cancelled where that was asked for.
// KEYS import, slices, rows, sizes   ARGV rows in all
// Returns the status that it has now.
var endScript = lua.Upkeep(`
local i = redis.call('HMGET', KEYS[1], 's', 'c', 'block', 'offset')
if i[1] ~= 'running' and i[1] ~= 'paused' and i[1] ~= 'ready' then return i[1] end
if i[2] == '1' then -- slices that were put down are given up
  local flat = redis.call('HGETALL', KEYS[2])
  for k = 1, #flat, 2 do
    if string.sub(flat[k + 1], -1) == ',' then redis.call('HDEL', KEYS[2], flat[k]) end
  end
end
if redis.call('HLEN', KEYS[2]) > 0 or redis.call('HLEN', KEYS[3]) > 0 then return i[1] end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local settled = 0
for _, s in ipairs({'succeeded', 'failed', 'unknown', 'skipped'}) do
  settled = settled + tonumber(redis.call('HGET', KEYS[1], 'n:' .. s) or 0)
end
local withdrawn = tonumber(redis.call('HGET', KEYS[1], 'n:cancelled') or 0) -- rows that went on as jobs
if settled >= tonumber(ARGV[1]) or i[2] ~= '1' and settled + withdrawn >= tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 's', 'completed', 'finished', now)
elseif i[2] == '1' then
  redis.call('HSET', KEYS[1], 's', 'cancelled', 'finished', now, 'n:cancelled', ARGV[1] - settled)
else
  return i[1]
end
redis.call('HDEL', KEYS[1], 'wf', 'wu', 'reason')
return redis.call('HGET', KEYS[1], 's')
`)
