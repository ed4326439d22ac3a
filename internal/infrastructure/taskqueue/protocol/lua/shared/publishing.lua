-- How new tasks are stored; put in front of the scripts that do, after `states.lua`.
-- Which ids are taken, whatever the state of their tasks: queue -> id -> true.
local function taken_among(tasks)
  local ids, taken = {}, {}
  for _, task in ipairs(tasks) do
    local queue = task[1]
    ids[queue] = ids[queue] or {}
    table.insert(ids[queue], task[2])
  end
  for queue, of_queue in pairs(ids) do
    taken[queue] = {}
    for n, message in ipairs(redis.call('HMGET', key(queue, 'messages'), unpack(of_queue))) do
      taken[queue][of_queue[n]] = message and true
    end
  end
  return taken
end

-- The other queue that has a task with this id; `placed` has those of this call.
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

-- Whether a task may not be stored: then what is in its way, as `store` returns it.
local function in_the_way(task, taken, placed)
  local queue, id, _, delay, _, terms = unpack(task)
  if taken[queue][id] then
    return { state_of(queue, id), 1, id }
  end
  local other = terms.named and elsewhere(queue, id, placed)
  if other then
    return { state_of(other, id), 1, id, other }
  end
  local stays = terms.lock_until == 'expiry'
  local holder = terms.lock and take_lock(queue, id, terms.lock, delay + terms.lock_for, stays, terms.again)
  if holder then
    local is_there = redis.call('HEXISTS', key(queue, 'messages'), holder) == 1
    return { is_there and state_of(queue, holder) or 'completed', 1, holder }
  end
end

-- What only some tasks have: its lock was taken before.
local PASSING = { named = true, again = true } -- only for the moment in which it is stored
local function write_terms(queue, id, deadline, terms)
  local fields = {}
  if deadline >= 0 then
    fields = { 'deadline', now + deadline }
  end
  for name, value in pairs(terms) do
    if not PASSING[name] then
      fields[#fields + 1], fields[#fields + 2] = name, value
    end
  end
  if #fields > 0 then
    redis.call('HSET', record(queue, id), unpack(fields))
  end
end

-- `tasks` are [queue, id, message, delay, deadline, terms]; delay and deadline are ms from now, -1 is no deadline.
--   terms  each if the task has it, times in ms: {named, again, lock, lock_for, lock_until, limit, max_running, rate,
--          per, on_success, on_failure, group, size}. An id that is `named` is looked for in all queues. A task that
--          may have been stored before comes `again`. The lock of a delayed task is held for `lock_for` ms from when
--          it is due; `lock_until` 'expiry' has it stay when the task has ended.
--          on_success, on_failure are msgpack of `tasks`, to be stored when it is done or given up; in a group of
--          `size`, when all are done, or for the first that is given up
-- Returns for each [state, 0], or where nothing was stored [state, 1, id] of the task that was there, under this id
-- or with its lock; one that has gone, and whose lock has stayed, is 'completed'. Behind the id its queue, if that is
-- another.
local function store(tasks)
  local stored, messages, lines, placed = {}, {}, {}, {}
  local taken = taken_among(tasks)
  for i, task in ipairs(tasks) do
    local queue, id, message, delay, deadline, terms = unpack(task)
    stored[i] = in_the_way(task, taken, placed)
    if not stored[i] then
      taken[queue][id], placed[id] = true, queue
      messages[queue], lines[queue] = messages[queue] or {}, lines[queue] or {}
      if terms.lock then -- the next of them may be its equal
        redis.call('HSET', key(queue, 'messages'), id, message)
      else
        table.insert(messages[queue], id)
        table.insert(messages[queue], message)
      end
      write_terms(queue, id, deadline, terms)
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
