-- The followers of a task that has ended. Loaded after `ending.lua` and `store_tasks.lua`.
local GROUP_TTL = 90 * 24 * 3600 -- s: an archived member can be run again for as long

-- Returns true if the last task of a group is done. A task that is counted twice counts once.
local function completes(group, size, member)
  local done = prefix .. ':group:' .. group .. ':done'
  redis.call('SADD', done, member)
  redis.call('EXPIRE', done, GROUP_TTL)
  return redis.call('SCARD', done) >= tonumber(size)
end

-- Followers that were not stored: [queue, id] of the ended task, [queue, id, message] of its follower, and [state, id]
-- of the task in the way, in one list.
local refused = {}

-- Stores the followers of `origin`: a task or a group. Returns true if all of them are stored, now or before.
local function store_followers(queue, id, packed, origin)
  local followers, all_stored = cmsgpack.unpack(packed), true
  retire(queue, { id }) -- the task has ended, so its lock must not keep a follower out
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

-- A refused follower ends the chain or the group, as an archived task does.
local function follow_success(queue, ids)
  each_record(queue, ids, { 'on_success', 'group', 'size' }, function(id, tasks, group, size)
    local is_over = not group or completes(group, size, queue .. ':' .. id)
    if tasks and is_over and not store_followers(queue, id, tasks, group or queue .. ':' .. id) then
      follow_failure(queue, id)
    end
  end)
end
