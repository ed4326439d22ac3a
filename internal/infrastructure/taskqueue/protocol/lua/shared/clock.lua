-- What a clock that was ahead has left behind when it is right again. Put after `waiting.lua`.
-- A moment at which something has happened is pulled back to where it would be. What somebody has scheduled is left
-- alone: nobody can tell for when it was meant.
local MOST_PULLED_BACK = 1000 -- tasks of a line or a state

-- Workers that are up say so again within their lease; the others are gone after it. Returns how many there were.
local function pull_back_workers(ttl)
  local ahead = redis.call('ZRANGE', prefix .. ':workers', now + SKEW, '+inf', 'BYSCORE')
  for _, worker in ipairs(ahead) do
    redis.call('ZADD', prefix .. ':workers', now, worker)
    redis.call('HSET', prefix .. ':worker:' .. worker, 'heard', now)
    redis.call('PEXPIRE', prefix .. ':worker:' .. worker, ttl)
  end
  return #ahead
end

-- A worker that is up extends its leases anyway. Returns how many there were.
local function pull_back_leases(lease)
  local count = 0
  for _, queue in ipairs(all_queues()) do
    local range = { now + lease + SKEW, '+inf', 'BYSCORE', 'LIMIT', 0, MOST_PULLED_BACK }
    for _, id in ipairs(redis.call('ZRANGE', key(queue, 'active'), unpack(range))) do
      redis.call('ZADD', key(queue, 'active'), now + lease, id)
      count = count + 1
    end
  end
  return count
end

local function pull_back_due(queue, state, id, ahead)
  local due = redis.call('ZSCORE', key(queue, state), id)
  if due then
    redis.call('ZADD', key(queue, state), math.max(now, due - ahead), id)
    return 1
  end
  return 0
end

-- Those that wait for a limit. Returns how many there were.
local function pull_back_lines(queue, ahead)
  local count = 0
  for _, limit in ipairs(redis.call('SMEMBERS', key(queue, 'limits'))) do
    local line = line_of(limit, queue)
    local range = { now + SKEW, '+inf', 'BYSCORE', 'LIMIT', 0, MOST_PULLED_BACK }
    for _, id in ipairs(redis.call('ZRANGE', line, unpack(range))) do
      redis.call('ZINCRBY', line, -ahead, id)
      count = count + pull_back_due(queue, 'scheduled', id, ahead)
    end
  end
  return count
end

-- Those that a worker has put off while the clock was ahead: their records tell when. Returns how many there were.
local function pull_back_put_off(queue, state, ahead)
  local count = 0
  local range = { now + SKEW, '+inf', 'BYSCORE', 'LIMIT', 0, MOST_PULLED_BACK }
  for _, id in ipairs(redis.call('ZRANGE', key(queue, state), unpack(range))) do
    local put_off = tonumber(redis.call('HGET', record(queue, id), 'put_off') or 0)
    if put_off > now + SKEW then
      redis.call('HSET', record(queue, id), 'put_off', put_off - ahead)
      count = count + pull_back_due(queue, state, id, ahead)
    end
  end
  return count
end

-- How many ms the clock has gone back since it was looked at last; 0 if it has not.
local function ms_gone_back()
  local last = redis.call('GET', prefix .. ':clock')
  redis.call('SET', prefix .. ':clock', now)
  return last and last - now > SKEW and last - now or 0
end

-- Returns nothing, or [ms that the clock has gone back, workers, leases, waiting tasks that were pulled back].
local function pull_back(lease)
  local ahead, workers, leases, waiting = ms_gone_back(), pull_back_workers(lease), pull_back_leases(lease), 0
  if ahead > 0 then
    for _, queue in ipairs(all_queues()) do
      waiting = waiting + pull_back_lines(queue, ahead)
      waiting = waiting + pull_back_put_off(queue, 'retry', ahead) + pull_back_put_off(queue, 'scheduled', ahead)
      wake(queue)
    end
    offer_places_of(all_queues())
  end
  if ahead + workers + leases > 0 then
    return { ahead, workers, leases, waiting }
  end
end
