-- What follows a task that has ended; put after `leaving.lua` and `publishing.lua`.
local GROUP_TTL = 90 * 24 * 3600 -- as long as an archived member could still be run again

-- Whether a group's last task is done now. A task that is counted twice counts once.
local function completes(group, size, member)
  local done = prefix .. ':group:' .. group .. ':done'
  redis.call('SADD', done, member)
  redis.call('EXPIRE', done, GROUP_TTL)
  return redis.call('SCARD', done) >= tonumber(size)
end

-- What should have followed and was refused: [queue, id] of the task that has ended, and of its follower [queue, id,
-- message], and [state, id] of the task that was in its way.
local refused = {}

-- Store what follows a task, or a group: `origin`. Returns whether all of it was stored, now or before.
local function store_followers(queue, id, packed, origin)
  local followers, all_stored = cmsgpack.unpack(packed), true
  retire(queue, { id }) -- it is over: its lock keeps no follower out
  for n, stored in ipairs(store(followers)) do
    local its_queue, its_id, message = unpack(followers[n])
    local state, was_there, other = unpack(stored)
    if was_there == 0 then
      redis.call('HSET', record(its_queue, its_id), 'follows', origin)
    elseif other ~= its_id or redis.call('HGET', record(its_queue, its_id), 'follows') ~= origin then
      table.insert(refused, { queue, id, its_queue, its_id, message, state, other })
      all_stored = false
    end
  end
  return all_stored
end

local function follow_failure(queue, id)
  each_record(queue, { id }, { 'on_failure', 'group' }, function(_, tasks, group)
    local is_first = not group or redis.call('SET', prefix .. ':group:' .. group .. ':failed', 1, 'NX', 'EX', GROUP_TTL)
    if tasks and is_first then
      store_followers(queue, id, tasks, group or queue .. ':' .. id)
    end
  end)
end

-- What is refused here ends a chain, or what a group is for, as a task does that is given up.
local function follow_success(queue, ids)
  each_record(queue, ids, { 'on_success', 'group', 'size' }, function(id, tasks, group, size)
    local is_over = not group or completes(group, size, queue .. ':' .. id)
    if tasks and is_over and not store_followers(queue, id, tasks, group or queue .. ':' .. id) then
      follow_failure(queue, id)
    end
  end)
end
