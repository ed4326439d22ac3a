-- How new tasks are stored. Loaded after `task_state.lua`.

-- Returns the other queue that has a task with this id. `placed` has the ids of this call.
local function elsewhere(queue, id, placed)
  if placed[id] then
    return placed[id] ~= queue and placed[id]
  end
  for _, other in ipairs(redis.call('SMEMBERS', prefix .. ':queues')) do
    if other ~= queue and redis.call('HEXISTS', key(other, 'messages'), id) == 1 then
      return other
    end
  end
end

-- Returns the task because of which this one may not be stored, as `store` returns it; nil if there is no such task.
local function in_the_way(task, taken, placed)
  local queue, id, _, delay, _, constraints = unpack(task)
  if taken[queue][id] then
    return { state_of(queue, id), 1, id }
  end
  local other = constraints.named and elsewhere(queue, id, placed)
  if other then
    return { state_of(other, id), 1, id, other }
  end
  local lock, stays = constraints.lock, constraints.lock_until == 'expiry'
  local holder = lock and take_lock(queue, id, lock, delay + constraints.lock_for, stays, constraints.again)
  if holder then
    local exists = redis.call('HEXISTS', key(queue, 'messages'), holder) == 1
    return { exists and state_of(queue, holder) or 'completed', 1, holder }
  end
end

local NOT_KEPT = { named = true, again = true } -- constraints that only matter while the task is stored

-- Writes the constraints to the task's record. Its lock was taken before.
local function write_constraints(queue, id, deadline, constraints)
  local fields = {}
  if deadline >= 0 then
    fields = { 'deadline', now + deadline }
  end
  for name, value in pairs(constraints) do
    if not NOT_KEPT[name] then
      fields[#fields + 1], fields[#fields + 2] = name, value
    end
  end
  if #fields > 0 then
    redis.call('HSET', record(queue, id), unpack(fields))
  end
end

-- Stores tasks. Each is [queue, id, message, delay, deadline, constraints]; `delay` and `deadline` are ms from now, and
-- a deadline of -1 means that there is no deadline.
--   constraints  only those that the task has, times in ms: {named, again, lock, lock_for, lock_until, limit,
--                max_running, rate, per, on_success, on_failure, group, size}
--     named      the id was chosen: look for it in all queues
--     again      the task may have been stored before
--     lock_for   how long the lock is held, from when the task is due
--     lock_until 'expiry': the lock stays after the end of the task
--     on_success, on_failure  msgpack of tasks that are stored when the task is done or archived; in a group of
--                `size`, when all tasks are done, or when the first one is archived
-- Returns [state, 0] for each stored task. For the others returns [state, 1, id] of the task in the way, which has this
-- id or the lock, and its queue if that is another one. If that task is gone and its lock stayed, it is 'completed'.
local function store(tasks)
  local stored, messages, lines, placed = {}, {}, {}, {}
  local taken = read_fields('messages', tasks, 1)
  for i, task in ipairs(tasks) do
    local queue, id, message, delay, deadline, constraints = unpack(task)
    stored[i] = in_the_way(task, taken, placed)
    if not stored[i] then
      taken[queue][id], placed[id] = true, queue
      messages[queue], lines[queue] = messages[queue] or {}, lines[queue] or {}
      if constraints.lock then -- the next task may be equal
        redis.call('HSET', key(queue, 'messages'), id, message)
      else
        table.insert(messages[queue], id)
        table.insert(messages[queue], message)
      end
      write_constraints(queue, id, deadline, constraints)
      if delay > 0 then
        to_later(queue, 'scheduled', id, delay)
        stored[i] = { 'scheduled', 0 }
      else
        table.insert(lines[queue], id)
        stored[i] = { 'pending', 0 }
      end
    end
  end
  for queue, ids in pairs(lines) do
    redis.call('SADD', prefix .. ':queues', queue)
    if #messages[queue] > 0 then
      redis.call('HSET', key(queue, 'messages'), unpack(messages[queue]))
    end
    if #ids > 0 then
      to_back(queue, ids)
      wake(queue)
    end
  end
  return stored
end
