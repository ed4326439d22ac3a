-- How many tasks may start now; put in front of `settle_and_fetch.lua`.
local HANDED_ON = 60 * 1000 -- ms; a place is handed on when it is free, this is for the case that nobody does

-- The starts within the last `per` ms, oldest first.
local function starts_within(place, per)
  redis.call('ZREMRANGEBYSCORE', place, '-inf', now - per)
  return redis.call('ZCARD', place)
end

local function note_start(place, id, per)
  redis.call('ZADD', place, now, id .. ' ' .. now)
  redis.call('PEXPIRE', place, per)
end

-- How long until a task may start that has so many others before it; 0 if now. Each start frees its place when
-- it is `per` ms old.
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

local turns = 0

-- How long a task has to wait for its limits; nil if it may start, which is noted. Who waits keeps its turn.
local function ms_under_limit(queue, id, limit, max_running, rate, per)
  local running, waiting, starts =
    limit_key(limit, 'running'), limit_key(limit, 'waiting'), limit_key(limit, 'starts')
  local member, wait = limit_member(queue, id), 0
  if max_running and redis.call('ZCARD', running) >= tonumber(max_running) then
    wait = HANDED_ON
  elseif rate then
    local ahead = redis.call('ZRANK', waiting, member) or redis.call('ZCARD', waiting)
    wait = ms_within_rate(starts, tonumber(rate), tonumber(per), ahead)
  end
  if wait > 0 then
    turns = turns + 1
    redis.call('ZADD', waiting, 'NX', now + turns / 1000, member)
    return wait
  end
  redis.call('ZREM', waiting, member)
  redis.call('ZADD', running, now, member)
  if rate then
    note_start(starts, member, tonumber(per))
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
