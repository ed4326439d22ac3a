-- How many tasks may start now; put in front of `settle_and_fetch.lua`, after `waiting.lua`.
local HANDED_ON = 60 * 1000 -- ms; a place is handed on when it is free, this is for the case that nobody does

local function note_start(place, id, per)
  redis.call('ZADD', place, now, id .. ' ' .. now)
  redis.call('PEXPIRE', place, per)
end

-- Whether a task is the first of its queue in line, or would be. Suspects do not count: they may not be able to start.
local function is_first(limit, queue, id)
  for _, other in ipairs(redis.call('ZRANGE', line_of(limit, queue), 0, SPARE - 1)) do
    if other == id or not is_suspect(queue, other) then
      return other == id
    end
  end
  return true
end

-- Whether a place was free for less than PATIENCE. A key that lasts longer was set while the clock was ahead.
local function is_taken(limit, per)
  local left = redis.call('PTTL', limit_key(limit, 'taken'))
  return left >= 0 and left <= per + PATIENCE + SKEW
end

-- How long a task has to wait for a rate. Tasks of other queues may be ahead and unable to start, because their
-- workers are busy. Once a place has been free for so long that `taken` has lapsed, the first of a queue takes it.
local function ms_until_rate(queue, id, limit, turn, rate, per, ahead)
  local starts = limit_key(limit, 'starts')
  local wait = ms_within_rate(starts, rate, per, ahead)
  if wait == 0 or ahead == 0 or not is_first(limit, queue, id) then
    return wait
  end
  local free_in = ms_within_rate(starts, rate, per, 0)
  if turn and free_in == 0 and not is_taken(limit, per) then
    return 0
  end
  return math.min(wait, free_in + PATIENCE)
end

local function note_start_by_rate(queue, id, limit, rate, per)
  local starts = limit_key(limit, 'starts')
  note_start(starts, limit_member(queue, id), per)
  redis.call('SET', limit_key(limit, 'taken'), 1, 'PX', ms_within_rate(starts, rate, per, 0) + PATIENCE)
end

-- How long a task has to wait; one that has no turn yet lets those pass that wait already.
local function ms_until_place(queue, id, limit, turn, max_running, rate, per)
  local free = max_running and max_running - redis.call('ZCARD', limit_key(limit, 'running'))
  if free and free <= 0 then
    return HANDED_ON
  end
  local ahead = (rate or not turn) and count_ahead(limit, queue, turn) or 0
  if free and not turn and ahead >= free then
    return PATIENCE
  end
  return rate and ms_until_rate(queue, id, limit, turn, tonumber(rate), tonumber(per), ahead) or 0
end

-- How long a task has to wait for its limits; nil if it may start, which is noted. Who waits keeps its turn.
local function ms_under_limit(queue, id, limit, max_running, rate, per)
  local turn = redis.call('ZSCORE', line_of(limit, queue), id)
  local wait = ms_until_place(queue, id, limit, turn, max_running, rate, per)
  if wait > 0 then
    join_line(limit, queue, id)
    return wait
  end
  redis.call('ZADD', limit_key(limit, 'running'), turn or now, limit_member(queue, id))
  if rate then
    note_start_by_rate(queue, id, limit, tonumber(rate), tonumber(per))
  end
  if turn then
    leave_line(limit, queue, id)
    if rate then
      offer_places(limit) -- those ahead may have gone, so that the next can start earlier than it thought
    end
  end
end

-- How many tasks of a queue may start now by the queue's own limits.
local function room_in(queue)
  local name, _, _, max_running, rate, per = unpack(queue)
  local room = math.huge
  if max_running > 0 then
    room = max_running - redis.call('ZCARD', key(name, 'active'))
  end
  if rate > 0 then
    room = math.min(room, rate - starts_within(key(name, 'starts'), per))
  end
  return math.max(0, room)
end
