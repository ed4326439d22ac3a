-- Limits on running tasks and start rates. Loaded before `settle_and_fetch.lua`.

-- ms. A free place is offered at once; this is the fallback if that fails.
local RECHECK_AFTER = 60 * 1000

local function note_start(place, id, per)
  redis.call('ZADD', place, now, id .. ' ' .. now)
  redis.call('PEXPIRE', place, per)
end

-- Whether a task is first in its queue's line, or would be. Suspects do not count, because they may be unable to start.
local function is_first(limit, queue, id)
  for _, other in ipairs(redis.call('ZRANGE', line_of(limit, queue), 0, SPARE - 1)) do
    if other == id or not is_suspect(queue, other) then
      return other == id
    end
  end
  return true
end

-- Whether a place has been free for less than PATIENCE. A key with a longer life was set while the clock was ahead.
local function is_taken(limit, per)
  local left = redis.call('PTTL', limit_key(limit, 'taken'))
  return left >= 0 and left <= per + PATIENCE + SKEW
end

-- How long a task must wait for a rate limit. Tasks of other queues may be ahead, but their workers may be busy. Once
-- `taken` has expired, the first task of any queue takes the free place.
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

-- How long a task must wait for a place. A task without a turn lets waiting tasks pass.
local function ms_until_place(queue, id, limit, turn, max_running, rate, per)
  local free = max_running and max_running - redis.call('ZCARD', limit_key(limit, 'running'))
  if free and free <= 0 then
    return RECHECK_AFTER
  end
  local ahead = (rate or not turn) and count_ahead(limit, queue, turn) or 0
  if free and not turn and ahead >= free then
    return PATIENCE
  end
  return rate and ms_until_rate(queue, id, limit, turn, tonumber(rate), tonumber(per), ahead) or 0
end

-- How long a task must wait for its limits. Returns nil and records the start if it may start now. A waiting task
-- keeps its turn.
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
      -- Tasks ahead may be gone, so the next one may start earlier than planned.
      offer_places(limit)
    end
  end
end

-- How many tasks of a queue may start now under the queue's own limits.
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
