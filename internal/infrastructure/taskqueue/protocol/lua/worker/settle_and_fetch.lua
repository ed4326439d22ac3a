#!lua flags=allow-oom
-- The main call of a worker: settle finished tasks, move due tasks, and fetch new ones.
-- KEYS[1] namespace
-- ARGV[1] msgpack {worker, epoch, token, lease, gap, outcomes, queues, strict, demand, direct, suspect, bytes, archive}
--   outcomes  [[kind, queue, id, token, number, message, note, mark], ...]; message '' keeps the stored one
--             done: number = ms to keep the task, 0 deletes it; note = result
--             retry, scheduled: number = delay in ms
--             released: the task goes to the front of its queue
--             retry, archived: note = note of the failed attempt, mark = what its failure has in common with others
--             progress: the task continues; note = its result so far
--   queues    [[name, weight, credit, max_running, rate, per], ...], the highest priority first; credit is the
--             share still owed; a limit of 0 is off; per is in ms
--   demand    the number of tasks to fetch; the first `direct` of them have a free slot
--   suspect   1 if one of them may be a suspect: a task that was running when two workers died
--   bytes     size limit of the messages; each queue may exceed it by one message
--   archive   [most tasks, longest time in ms] of a queue's archive
-- Returns [indexes in `outcomes`, from 1, of outcomes with an invalid token,
--          [[queue, id, message, deadline, suspect, crashes, cancelled, waited], ...],
--          [credit of each queue], ms until something is due or -1,
--          rows of refused followers (only if there are any, see `followers.lua`)]
--   deadline  ms from now, negative if it has passed, '' without a deadline
--   waited    ms since it became pending
-- A task leaves `active` only here, in `extend`, and when its lease lapses. Each way checks or removes the token.
local PROMOTE = 100
local RECLAIM = 100

local worker, epoch, token, lease, gap, outcomes, queues, strict, demand, direct, suspect, bytes, archive =
  unpack(cmsgpack.unpack(ARGV[1]))

is_strict = strict
if demand > 0 then
  for rank, queue in ipairs(queues) do
    serving[queue[1]] = rank
  end
end

local function promote(queue, state)
  local due = redis.call('ZRANGE', key(queue, state), '-inf', now, 'BYSCORE', 'LIMIT', 0, PROMOTE)
  local others = {}
  for _, id in ipairs(due) do
    redis.call('ZREM', key(queue, state), id)
    if is_suspect(queue, id) then
      to_suspects(queue, id)
    else
      others[#others + 1] = id
    end
  end
  to_back(queue, others)
end

-- A worker that no longer extends its leases is dead. Most of its tasks did not cause that, and run again like any
-- other task. A task that was running when a second worker died is a suspect.
local function reclaim(queue)
  local lapsed = redis.call('ZRANGE', key(queue, 'active'), '-inf', now, 'BYSCORE', 'LIMIT', 0, RECLAIM)
  -- The first in line goes to the front last.
  for n = #lapsed, 1, -1 do
    local id = lapsed[n]
    local held = redis.call('HGET', key(queue, 'tokens'), id)
    local had_started = not held or string.sub(held, -1) ~= '~'
    if had_started and redis.call('HINCRBY', record(queue, id), 'crashes', 1) >= SUSPECT_FROM then
      redis.call('HSET', record(queue, id), 'suspect', 1)
    end
    hand_back(queue, id)
  end
end

-- Smooth weighted round robin over the queues that have tasks. For every fetched task each queue earns its weight, and
-- the queue with the highest credit is next. Returns queue indexes in the order of the tasks.
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
-- The most tasks over a limit that one call puts off.
local MOST_LIMITED = 500
local limited = 0
local NO_CONSTRAINTS = {}

-- Make tasks of one queue active, with the tokens of `held` in order, up to `most` bytes. `popped` has the ids and the
-- places in line. Returns rows, their size, and the index in `ids` of the first task that did not fit. Deleted tasks
-- get no row. Tasks over a limit get no row either: they are scheduled, so that others can pass them.
local function activate(queue, ids, popped, held, most)
  local size, too_many = 0, nil
  local name, messages = queue[1], redis.call('HMGET', key(queue[1], 'messages'), unpack(ids))
  local constraints, leases, tokens, rows = {}, {}, {}, {}
  local fields = { 'deadline', 'crashes', 'cancelled', 'limit', 'max_running', 'rate', 'per' }
  each_record(name, ids, fields, function(id, ...)
    constraints[id] = { ... }
  end)
  for n, id in ipairs(ids) do
    if messages[n] and #rows > 0 and size + #messages[n] > most then
      too_many = n
      break
    end
    local deadline, crashes, cancelled, limit, max_running, rate, per = unpack(constraints[id] or NO_CONSTRAINTS)
    local wait = messages[n] and limit and ms_under_limit(name, id, limit, max_running, rate, per)
    if wait then
      limited = limited + 1
      to_later(name, 'scheduled', id, wait)
    elseif messages[n] then
      leases[#leases + 1], leases[#leases + 2] = now + lease, id
      tokens[#tokens + 1], tokens[#tokens + 2] = id, held[#rows + 1]
      local left = deadline and deadline - now or ''
      size = size + #messages[n]
      local waited = math.max(0, now - popped[2 * n] / PLACES)
      rows[#rows + 1] = { name, id, messages[n], left, 0, tonumber(crashes or 0), cancelled and 1 or 0, waited }
      if queue[5] > 0 then
        note_start(key(name, 'starts'), id, queue[6])
      end
    end
  end
  if #rows > 0 then
    redis.call('ZADD', key(name, 'active'), unpack(leases))
    redis.call('HSET', key(name, 'tokens'), unpack(tokens))
  end
  return rows, size, too_many
end

-- Take one task per token, limited by the queue's tasks and by `most` bytes. Returns their rows, and whether there are
-- more tasks.
local function take(queue, tokens, most)
  local rows, size = {}, 0
  while #rows < #tokens and size < most and limited < MOST_LIMITED do
    local popped, ids = redis.call('ZPOPMIN', key(queue[1], 'pending'), #tokens - #rows), {}
    if #popped == 0 then
      break
    end
    for n = 1, #popped, 2 do
      ids[#ids + 1] = popped[n]
    end
    local more, bytes_more, too_many = activate(queue, ids, popped, { unpack(tokens, #rows + 1) }, most - size)
    for _, row in ipairs(more) do
      rows[#rows + 1] = row
    end
    size = size + bytes_more
    -- Put the rest back in place.
    for n = too_many or #ids + 1, #ids do
      redis.call('ZADD', key(queue[1], 'pending'), popped[2 * n], ids[n])
    end
    if too_many then
      return rows, true
    end
  end
  return rows, size >= most
end

local function take_suspect(queue)
  local popped = redis.call('ZPOPMIN', key(queue[1], 'suspects'))
  local row = popped[1] and activate(queue, { popped[1] }, popped, { token }, bytes)[1]
  if row then
    row[5] = 1
    suspect, demand, direct = 0, demand - 1, direct - 1
    tasks[#tasks + 1] = row
  end
end

-- The number of tasks that can be fetched from a queue.
local function available_in(queue)
  if is_paused(queue[1]) then
    return 0
  end
  local room = room_in(queue)
  if suspect == 1 and demand > 0 and room > 0 then
    take_suspect(queue)
    room = room_in(queue)
  end
  return math.min(room, redis.call('ZCARD', key(queue[1], 'pending')))
end

local function fetch()
  local available = {}
  for i, queue in ipairs(queues) do
    available[i] = available_in(queue)
  end
  local order, held, rows = picks(available), {}, {}
  for n, i in ipairs(order) do
    held[i] = held[i] or {}
    table.insert(held[i], n <= direct and token or token .. '~')
  end
  for i, tokens in pairs(held) do
    local is_more
    rows[i], is_more = take(queues[i], tokens, bytes * #tokens / #order)
    if is_more then
      available[i] = available[i] + 1
    end
  end
  local taken = {}
  for _, i in ipairs(order) do
    taken[i] = (taken[i] or 0) + 1
    tasks[#tasks + 1] = rows[i][taken[i]]
  end
  for i, queue in ipairs(queues) do
    if available[i] > 0 then
      -- There are more tasks than this worker asked for. Another worker may be idle.
      wake(queue[1])
    end
  end
end

local function ms_until_due()
  local soonest = limited >= MOST_LIMITED and now or nil
  local function consider(moment)
    soonest = moment and math.min(soonest or moment, moment) or soonest
  end
  for _, queue in ipairs(queues) do
    for _, state in ipairs({ 'scheduled', 'retry', 'active' }) do
      consider(redis.call('ZRANGE', key(queue[1], state), 0, 0, 'WITHSCORES')[2])
    end
    if queue[5] > 0 and room_in(queue) == 0 then
      consider(now + ms_within_rate(key(queue[1], 'starts'), queue[5], queue[6], 0))
    end
  end
  return soonest and math.max(0, soonest - now) or -1
end

local rejected = settle(outcomes, archive)
local skip_reclaim = nobody_was_seen(gap, lease)
for _, queue in ipairs(queues) do
  promote(queue[1], 'scheduled')
  promote(queue[1], 'retry')
  if not skip_reclaim then
    reclaim(queue[1])
  end
  expire(queue[1], 'completed', 'retained', now)
  expire(queue[1], 'archived', 'archived', now - archive[2])
end
-- A late call that its worker has given up must not fetch tasks: its reply would be lost.
if tonumber(redis.call('GET', prefix .. ':epoch:' .. worker) or 0) <= epoch then
  fetch()
end
local credits = {}
for i, queue in ipairs(queues) do
  credits[i] = queue[3]
end
return { rejected, tasks, credits, #tasks == 0 and ms_until_due() or 0, #refused > 0 and refused or nil }
