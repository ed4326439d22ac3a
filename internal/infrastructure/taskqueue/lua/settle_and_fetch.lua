#!lua flags=allow-oom
-- The one call of a worker's loop: settle what it has finished, move what is due, hand out new work.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, epoch, token, lease, gap, outcomes, queues, strict, demand, direct, suspect, archive}
--   outcomes  [[kind, queue, id, token, number, message, note], ...]; message '' keeps the stored one
--             done: number = ms to keep it, 0 = forget, note = result; retry, scheduled: number = delay in ms;
--             archived; released: to the front of its queue. note = what is written down of a failed attempt
--   queues    [[name, weight, credit], ...], the highest priority first; credit is the share still owed
--   demand    how many tasks to hand out; the first `direct` of them have a free slot waiting
--   suspect   1 if one of them may be a task that was running when its worker died
--   archive   [most tasks, longest time in ms] a queue's archive keeps
-- Returns [ids whose token no longer held, [[queue, id, message, deadline, suspect, crashes], ...],
--          [credit of each queue], ms until something is due or -1]
--   deadline  ms from now, negative if it has passed, '' if there is none
-- A task leaves `active` only here, in `extend` and by its lapsed lease; each checks or removes the token.
local PROMOTE = 100
local RECLAIM = 100
local TRIM = 100
local STATS_TTL = 90 * 24 * 3600
local MS_PER_DAY = 24 * 3600 * 1000

local worker, epoch, token, lease, gap, outcomes, queues, strict, demand, direct, suspect, archive =
  unpack(cmsgpack.unpack(ARGV[1]))

local function trim(queue, state, ids)
  for _, id in ipairs(ids) do
    redis.call('ZREM', key(queue, state), id)
    forget(queue, id)
  end
end

local function expire(queue, state, before)
  trim(queue, state, redis.call('ZRANGE', key(queue, state), '-inf', before, 'BYSCORE', 'LIMIT', 0, TRIM))
end

local function to_archive(queue, id)
  local archived = key(queue, 'archived')
  redis.call('ZADD', archived, now, id)
  local excess = redis.call('ZCARD', archived) - archive[1]
  if excess > 0 then
    trim(queue, 'archived', redis.call('ZRANGE', archived, 0, math.min(excess, TRIM) - 1))
  end
end

local function write_down(queue, id, note)
  if note ~= '' then
    redis.call('HSET', record(queue, id), 'attempt:' .. now, note)
  end
end

local apply = {}

function apply.done(queue, id, keep_for, message, result)
  if keep_for == 0 then
    forget(queue, id)
  else
    redis.call('ZADD', key(queue, 'completed'), now + keep_for, id)
    redis.call('HSET', record(queue, id), 'completed', now, 'result', result)
  end
end

function apply.retry(queue, id, delay, message, note)
  write_down(queue, id, note)
  to_later(queue, 'retry', id, delay)
end

function apply.scheduled(queue, id, delay)
  to_later(queue, 'scheduled', id, delay)
end

function apply.archived(queue, id, _, message, note)
  write_down(queue, id, note)
  to_archive(queue, id)
end

function apply.released(queue, id)
  to_front(queue, id)
  wake(queue)
end

local counted = { done = 'processed', retry = 'failed', archived = 'failed' }

local function settle()
  local rejected, counts = {}, {}
  for _, outcome in ipairs(outcomes) do
    local kind, queue, id, held, number, message, note = unpack(outcome)
    if holds(queue, id, held) then
      leave_active(queue, id)
      if message ~= '' then
        redis.call('HSET', key(queue, 'messages'), id, message)
      end
      apply[kind](queue, id, number, message, note)
      if counted[kind] then
        local name = queue .. '\0' .. counted[kind]
        counts[name] = (counts[name] or 0) + 1
      end
    else
      rejected[#rejected + 1] = id
    end
  end
  for name, count in pairs(counts) do
    local queue, field = string.match(name, '^(.*)%z(.*)$')
    local stats = key(queue, 'stats:' .. math.floor(now / MS_PER_DAY))
    redis.call('HINCRBY', stats, field, count)
    redis.call('EXPIRE', stats, STATS_TTL)
  end
  return rejected
end

local function promote(queue, state)
  local due = redis.call('ZRANGE', key(queue, state), '-inf', now, 'BYSCORE', 'LIMIT', 0, PROMOTE)
  for _, id in ipairs(due) do
    redis.call('ZREM', key(queue, state), id)
    if is_suspect(queue, id) then
      to_suspects(queue, id)
    else
      to_back(queue, id)
    end
  end
end

-- A worker that no longer extends is dead. What it had started comes back as a suspect.
local function reclaim(queue)
  local lapsed = redis.call('ZRANGE', key(queue, 'active'), '-inf', now, 'BYSCORE', 'LIMIT', 0, RECLAIM)
  for _, id in ipairs(lapsed) do
    local held = redis.call('HGET', key(queue, 'tokens'), id)
    leave_active(queue, id)
    if held and string.sub(held, -1) == '~' then
      to_front(queue, id)
    else
      redis.call('HINCRBY', record(queue, id), 'crashes', 1)
      to_suspects(queue, id)
      wake(queue)
    end
  end
end

-- Smooth weighted round robin over the queues that have something: each is owed its weight for every task
-- handed out, and the most owed is next. Returns the queues' numbers in the order of the tasks.
local function picks(available)
  local order = {}
  while #order < demand do
    local best, total = nil, 0
    for i, queue in ipairs(queues) do
      if available[i] > 0 then
        if strict then
          best = best or i
        else
          queue[3] = queue[3] + queue[2]
          total = total + queue[2]
          if not best or queue[3] > queues[best][3] then
            best = i
          end
        end
      end
    end
    if not best then
      break
    end
    queues[best][3] = queues[best][3] - total
    available[best] = available[best] - 1
    order[#order + 1] = best
  end
  return order
end

local tasks = {}

local function hand_out(queue, id, held)
  local message = redis.call('HGET', key(queue, 'messages'), id)
  if not message then
    return -- deleted behind our back: there is nothing to run
  end
  local deadline, crashes = unpack(redis.call('HMGET', record(queue, id), 'deadline', 'crashes'))
  redis.call('ZADD', key(queue, 'active'), now + lease, id)
  redis.call('HSET', key(queue, 'tokens'), id, held)
  tasks[#tasks + 1] = { queue, id, message, deadline and deadline - now or '', crashes and 1 or 0, tonumber(crashes or 0) }
end

local function is_paused(queue)
  return redis.call('EXISTS', key(queue, 'paused')) == 1
end

local function fetch()
  local available, ids, taken = {}, {}, {}
  for i, queue in ipairs(queues) do
    local name = queue[1]
    local paused = is_paused(name)
    available[i] = paused and 0 or redis.call('ZCARD', key(name, 'pending'))
    if suspect == 1 and demand > 0 and not paused then
      local id = redis.call('ZPOPMIN', key(name, 'suspects'))[1]
      if id then
        suspect, demand, direct = 0, demand - 1, direct - 1
        hand_out(name, id, token)
      end
    end
  end
  local order = picks(available)
  for _, i in ipairs(order) do
    taken[i] = (taken[i] or 0) + 1
  end
  for i, count in pairs(taken) do
    ids[i] = redis.call('ZPOPMIN', key(queues[i][1], 'pending'), count)
    taken[i] = 0
  end
  for n, i in ipairs(order) do
    hand_out(queues[i][1], ids[i][taken[i] * 2 + 1], n <= direct and token or token .. '~')
    taken[i] = taken[i] + 1
  end
  for i, queue in ipairs(queues) do
    if available[i] > 0 then
      wake(queue[1]) -- there is more than was asked for: someone else may be idle
    end
  end
end

local function ms_until_due()
  local soonest = nil
  for _, queue in ipairs(queues) do
    for _, state in ipairs({ 'scheduled', 'retry', 'active' }) do
      local score = redis.call('ZRANGE', key(queue[1], state), 0, 0, 'WITHSCORES')[2]
      soonest = score and math.min(soonest or score, score) or soonest
    end
  end
  return soonest and math.max(0, soonest - now) or -1
end

local rejected = settle()
local skip_reclaim = nobody_was_seen(gap, lease)
for _, queue in ipairs(queues) do
  promote(queue[1], 'scheduled')
  promote(queue[1], 'retry')
  if not skip_reclaim then
    reclaim(queue[1])
  end
  expire(queue[1], 'completed', now)
  expire(queue[1], 'archived', now - archive[2])
end
-- A call that was thought lost and comes late must not take tasks that nobody would know of.
if tonumber(redis.call('GET', prefix .. ':epoch:' .. worker) or 0) <= epoch then
  fetch()
end
local credits = {}
for i, queue in ipairs(queues) do
  credits[i] = queue[3]
end
return { rejected, tasks, credits, #tasks == 0 and ms_until_due() or 0 }
