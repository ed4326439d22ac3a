-- What follows a task that has ended; put after `leaving.lua` and `publishing.lua`.
local GROUP_TTL = 90 * 24 * 3600 -- as long as an archived member could still be run again

-- Whether a group's last task is done now. A task that is counted twice counts once.
local function completes(group, size, member)
  local done = prefix .. ':group:' .. group .. ':done'
  redis.call('SADD', done, member)
  redis.call('EXPIRE', done, GROUP_TTL)
  return redis.call('SCARD', done) >= tonumber(size)
end

local function follow_success(queue, ids)
  each_record(queue, ids, { 'on_success', 'group', 'size' }, function(id, tasks, group, size)
    local is_over = not group or completes(group, size, queue .. ':' .. id)
    if tasks and is_over then
      store(cmsgpack.unpack(tasks))
    end
  end)
end

local function follow_failure(queue, id)
  each_record(queue, { id }, { 'on_failure', 'group' }, function(_, tasks, group)
    local is_first = not group
      or redis.call('SET', prefix .. ':group:' .. group .. ':failed', 1, 'NX', 'EX', GROUP_TTL)
    if tasks and is_first then
      store(cmsgpack.unpack(tasks))
    end
  end)
end
