#!lua flags=allow-oom
-- Have tasks run now: those that wait for their time, and archived ones, which begin anew.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids, messages}
--   messages  of archived tasks as they are stored from now on, '' for others
-- Returns for each '' or why it was refused.
local queue, ids, messages = unpack(cmsgpack.unpack(ARGV[1]))
local others = {}

-- An archived task has let go of its lock, unless that stays. Returns why it does not get it again.
local function lock_again(id)
  local lock, lock_for, til = unpack(redis.call('HMGET', record(queue, id), 'lock', 'lock_for', 'lock_until'))
  local holder = lock and take_lock(queue, id, lock, lock_for, til == 'expiry', true)
  return holder and 'an equal task is there: ' .. holder
end

-- Returns why it may not. It may crash as often as before; a suspect it remains.
local function begin_anew(id, message)
  local refusal = message == '' and 'it has been archived meanwhile' or lock_again(id)
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
    local refusal = begin_anew(id, messages[n])
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
