-- The lines of tasks that wait for a place of a limit, and the next task of a line. Loaded after `enter_state.lua`
-- and `served_queues.lua`.
-- A limit has a line for each queue, so a queue that cannot start its tasks does not block the others.
local MOST_OFFERED = 100 -- tasks that one call offers a place of a limit
local SPARE = 10 -- tasks of a line that are read in addition
local PATIENCE = 1000 -- ms after which a free place is offered to the next task too

local function limit_key(limit, part)
  return prefix .. ':limit:' .. limit .. ':' .. part
end

local function limit_member(queue, id)
  return queue .. ':' .. id
end

local function line_of(limit, queue)
  return limit_key(limit, 'waiting:' .. queue)
end

local turns = 0

-- A task in line keeps its turn. Turns are us apart, because other calls may come within the same ms.
local function join_line(limit, queue, id)
  turns = turns + 1
  local turn = clock[1] * 1000 + (clock[2] + turns) / 1000
  if redis.call('ZADD', line_of(limit, queue), 'NX', turn, id) == 1 then
    redis.call('SADD', key(queue, 'limits'), limit)
  end
end

-- A task that goes back with its place was before the waiting tasks. A suspect may have to wait for another suspect.
local function keep_turn(queue, id)
  local limit, suspect = unpack(redis.call('HMGET', record(queue, id), 'limit', 'suspect'))
  local turn = limit and not suspect and redis.call('ZSCORE', limit_key(limit, 'running'), limit_member(queue, id))
  if turn then
    redis.call('ZADD', line_of(limit, queue), turn, id)
    redis.call('SADD', key(queue, 'limits'), limit)
  end
end

-- Returns true if the task was in line.
local function leave_line(limit, queue, id)
  local was_there = redis.call('ZREM', line_of(limit, queue), id) == 1
  if was_there and redis.call('EXISTS', line_of(limit, queue)) == 0 then
    redis.call('SREM', key(queue, 'limits'), limit)
  end
  return was_there
end

-- Counts the waiting tasks ahead of this one that can start. A task without a turn comes last.
local function count_ahead(limit, queue, turn)
  local ahead = 0
  for _, other in ipairs(all_queues()) do
    local outranked = is_strict and (serving[other] or 0) > (serving[queue] or 0)
    local count = outranked and 0 or redis.call('ZCOUNT', line_of(limit, other), '-inf', turn and '(' .. turn or '+inf')
    if count > 0 and (other == queue or not is_paused(other) and is_served(other)) then
      ahead = ahead + count
    end
  end
  return ahead
end

-- Counts the starts within the last `per` ms. A start ahead of now counts as a start now.
local function starts_within(place, per)
  for _, start in ipairs(redis.call('ZRANGE', place, now + SKEW, '+inf', 'BYSCORE')) do
    redis.call('ZADD', place, now, start)
  end
  redis.call('ZREMRANGEBYSCORE', place, '-inf', now - per)
  return redis.call('ZCARD', place)
end

-- Returns the ms until a task with `ahead` tasks before it may start; 0 means now. Each start frees its place when it
-- is `per` ms old.
local function ms_within_rate(place, rate, per, ahead)
  local count = starts_within(place, per)
  local turn = ahead - (rate - count)
  if turn < 0 then
    return 0
  end
  local windows, nth = math.floor(turn / rate), math.min(turn % rate, count - 1)
  local start = redis.call('ZRANGE', place, nth, nth, 'WITHSCORES')[2] or now
  return start + per * (windows + 1) - now
end

-- Returns how many tasks may start next, and in how many ms, by the constraints of this task.
local function places_for(limit, queue, id)
  local max_running, rate, per = unpack(redis.call('HMGET', record(queue, id), 'max_running', 'rate', 'per'))
  local places, wait = MOST_OFFERED, 0
  if max_running then
    places = math.min(places, max_running - redis.call('ZCARD', limit_key(limit, 'running')))
  end
  if rate then
    local starts = limit_key(limit, 'starts')
    wait = ms_within_rate(starts, tonumber(rate), tonumber(per), 0)
    places = math.min(places, wait == 0 and rate - redis.call('ZCARD', starts) or 1)
  end
  return places, wait
end

-- Returns the tasks of a queue that may be next. `next` is the index in `ids` of the first task without an offer.
local function read_line(limit, queue)
  local first = redis.call('ZRANGE', line_of(limit, queue), 0, 0)[1]
  if not first then
    return
  end
  local places, wait = places_for(limit, queue, first)
  local line = { queue = queue, places = places, wait = wait, ids = {}, turns = {}, next = 1 }
  if places > 0 then
    local heads = redis.call('ZRANGE', line_of(limit, queue), 0, places + SPARE - 1, 'WITHSCORES')
    for n = 1, #heads, 2 do
      table.insert(line.ids, heads[n])
      table.insert(line.turns, tonumber(heads[n + 1]))
    end
  end
  return line
end

local function goes_before(one, other)
  if not other then
    return true
  end
  local rank, others = serving[one.queue] or math.huge, serving[other.queue] or math.huge
  if is_strict and rank ~= others then
    return rank < others
  end
  return one.turns[one.next] < other.turns[other.next]
end

-- Makes a waiting task due sooner.
local function hasten(queue, id, wait)
  if redis.call('ZADD', key(queue, 'scheduled'), 'XX', 'LT', 'CH', now + wait, id) == 1 then
    wake(queue)
  end
end

-- Offers a place; a task that has an offer keeps it. Returns the number of places that the task will take: a deleted
-- task takes none, and a suspect may have to wait for another suspect.
local function offer(limit, queue, id, wait)
  if redis.call('HEXISTS', key(queue, 'messages'), id) == 0 then
    leave_line(limit, queue, id)
    return 0
  end
  if wait > 0 then
    hasten(queue, id, wait)
  elseif redis.call('ZREM', key(queue, 'scheduled'), id) == 1 then
    to_front(queue, id)
    wake(queue)
  end
  return is_suspect(queue, id) and 0 or 1
end

local function next_of(lines, offered)
  local best
  for _, line in ipairs(lines) do
    if offered < line.places and line.next <= #line.ids and goes_before(line, best) then
      best = line
    end
  end
  return best
end

-- Offers the free places of a limit to the first tasks in line that can start. Later, the next tasks of all queues may
-- take them too, because the workers of a queue can be busy.
local function offer_places(limit)
  local lines, able = {}, {}
  for _, queue in ipairs(all_queues()) do
    local line = read_line(limit, queue)
    if line then
      table.insert(lines, line)
      if not is_paused(queue) and is_served(queue) then
        table.insert(able, line)
      end
    end
  end
  local offered, line = 0, next_of(able, 0)
  while line do
    offered = offered + offer(limit, line.queue, line.ids[line.next], line.wait)
    line.next = line.next + 1
    line = next_of(able, offered)
  end
  for _, other in ipairs(lines) do
    for n = other.next, math.min(other.next + other.places - 1, #other.ids) do
      hasten(other.queue, other.ids[n], other.wait + PATIENCE)
    end
  end
end

-- Offers the places of all limits for which tasks of these queues wait.
local function offer_places_of(queues)
  local seen = {}
  for _, queue in ipairs(queues) do
    for _, limit in ipairs(redis.call('SMEMBERS', key(queue, 'limits'))) do
      if not seen[limit] then
        seen[limit] = true
        offer_places(limit)
      end
    end
  end
end
