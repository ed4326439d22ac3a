-- Which queues exist, are paused, or have a worker that dequeues from them. Loaded after `keys.lua`.

-- The rank of each queue that the calling worker serves. In strict mode the lower rank goes first.
local serving, is_strict = {}, false

local queues_read

local function all_queues()
  queues_read = queues_read or redis.call('SMEMBERS', prefix .. ':queues')
  return queues_read
end

local served, nobody_registers = nil, true

local function read_workers()
  served = {}
  for _, worker in ipairs(redis.call('ZRANGE', prefix .. ':workers', 0, -1)) do
    local entry = prefix .. ':worker:' .. worker
    local queues, draining, waits_for = unpack(redis.call('HMGET', entry, 'queues', 'draining', 'waits_for'))
    local takes_nothing = draining == '1' or (waits_for or '') ~= ''
    if queues then
      nobody_registers = false
      for name in pairs(takes_nothing and {} or cjson.decode(queues)) do
        served[name] = true
      end
    end
  end
end

-- Returns true if a live worker dequeues from this queue: the caller or a registered one. Dramatiq's own Worker does
-- not register: without registered workers it may serve every queue.
local function is_served(queue)
  if serving[queue] then
    return true
  end
  if not served then
    read_workers()
  end
  return served[queue] or nobody_registers
end

local function is_paused(queue)
  return redis.call('EXISTS', key(queue, 'paused')) == 1
end
