-- Corrects times that were stored while Redis' clock was ahead. Loaded after `limit_lines.lua`.
-- Times of past events are pulled back. Times that a publisher has scheduled stay: the intended time is unknown.
local MOST_PULLED_BACK = 1000 -- tasks of a line or a state

-- Live workers send another heartbeat within their lease; the others expire. Returns the number of workers.
local function pull_back_workers(ttl)
  local ahead = redis.call('ZRANGE', prefix .. ':workers', now + SKEW, '+inf', 'BYSCORE')
  for _, worker in ipairs(ahead) do
    redis.call('ZADD', prefix .. ':workers', now, worker)
    redis.call('HSET', prefix .. ':worker:' .. worker, 'heard', now)
    redis.call('PEXPIRE', prefix .. ':worker:' .. worker, ttl)
  end
  return #ahead
end

-- Live workers extend their leases anyway. Returns the number of leases.
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

-- Pulls back tasks that wait for a limit, and returns their number.
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

-- Pulls back tasks that a worker delayed while the clock was ahead; their records have the time. Returns their number.
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

-- Returns by how many ms the clock has gone back since the last call; 0 if it has not.
local function ms_gone_back()
  local last = redis.call('GET', prefix .. ':clock')
  redis.call('SET', prefix .. ':clock', now)
  return last and last - now > SKEW and last - now or 0
end

-- Returns nothing, or [ms that the clock has gone back, workers, leases, waiting tasks], each the number pulled back.
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
