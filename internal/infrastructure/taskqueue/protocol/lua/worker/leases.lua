-- The leases of active tasks. Loaded after `ending.lua`.

-- Returns true if no worker called for `gap` ms, because Redis or all workers were down. No lease could be extended
-- in that time, so every lease begins again and this call reclaims nothing.
local function nobody_was_seen(gap, lease)
  local seen = redis.call('GET', prefix .. ':seen')
  redis.call('SET', prefix .. ':seen', now)
  if seen and now - seen <= gap then
    return false
  end
  for _, queue in ipairs(redis.call('SMEMBERS', prefix .. ':queues')) do
    for _, id in ipairs(redis.call('ZRANGE', key(queue, 'active'), 0, -1)) do
      redis.call('ZADD', key(queue, 'active'), 'XX', now + lease, id)
    end
  end
  return true
end

-- A prefetched task has '~' behind its token: it has not started if its worker dies.
local function is_token(stored, token)
  return stored == token or stored == token .. '~'
end

local function take_out_of_active(queue, ids)
  redis.call('HDEL', key(queue, 'tokens'), unpack(ids))
  redis.call('ZREM', key(queue, 'active'), unpack(ids))
end

local function free_places(queue, ids)
  local freed = {}
  each_record(queue, ids, { 'limit', 'max_running' }, function(id, limit, max_running)
    if limit then
      redis.call('ZREM', limit_key(limit, 'running'), limit_member(queue, id))
      freed[limit] = freed[limit] or max_running
    end
  end)
  for limit, max_running in pairs(freed) do
    if max_running then
      offer_places(limit)
    end
  end
end

-- Moves an active task back to the front of its queue. No attempt is counted.
local function hand_back(queue, id)
  keep_turn(queue, id)
  take_out_of_active(queue, { id })
  free_places(queue, { id })
  to_front(queue, id)
  wake(queue)
end
