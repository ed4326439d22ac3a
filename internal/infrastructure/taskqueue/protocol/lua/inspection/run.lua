#!lua flags=allow-oom
-- Make scheduled, retry and archived tasks pending. Archived tasks start again from the first attempt.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids, messages}
--   messages  the new messages of archived tasks, '' for others
-- Returns '' or the reason of the refusal for each id.
local queue, ids, messages = unpack(cmsgpack.unpack(ARGV[1]))
local others = {}

-- An archived task has released its lock, unless the lock lasts until it expires. Returns a reason if another task
-- holds the lock.
local function lock_again(id)
  local lock, lock_for, til = unpack(redis.call('HMGET', record(queue, id), 'lock', 'lock_for', 'lock_until'))
  local holder = lock and take_lock(queue, id, lock, lock_for, til == 'expiry', true)
  return holder and 'an equal task exists: ' .. holder
end

-- Returns the reason of a refusal. The crash count starts at zero, but a suspect stays a suspect.
local function restart(id, message)
  local refusal = message == '' and 'it was archived in the meantime' or lock_again(id)
  if refusal then
    return refusal
  end
  redis.call('HSET', key(queue, 'messages'), id, message)
  if tonumber(redis.call('HGET', record(queue, id), 'crashes') or 0) >= SUSPECT_FROM then
    redis.call('HSET', record(queue, id), 'suspect', 1)
  end
  redis.call('HDEL', record(queue, id), 'crashes')
end

local refusals = act(queue, ids, { scheduled = true, retry = true, archived = true }, function(id, set, n)
  if set == 'archived' then
    local refusal = restart(id, messages[n])
    if refusal then
      return refusal
    end
  end
  redis.call('ZREM', key(queue, set), id)
  redis.call('HDEL', record(queue, id), 'cancelled')
  if is_suspect(queue, id) then
    to_suspects(queue, id)
  else
    others[#others + 1] = id
  end
end)
to_back(queue, others)
wake(queue)
return refusals
