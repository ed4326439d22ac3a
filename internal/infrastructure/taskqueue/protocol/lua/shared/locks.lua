-- The locks that keep equal tasks out. Loaded after `records.lua`.

-- Shortens a lock that was taken while Redis' clock was ahead.
local function pull_back_lock(queue, holder, place)
  local lock_for = redis.call('HGET', record(queue, holder), 'lock_for')
  local due = redis.call('ZSCORE', key(queue, 'scheduled'), holder) or now
  local most = (lock_for or math.huge) + math.max(0, due - now)
  if redis.call('PTTL', place) > most + SKEW then
    redis.call('PEXPIRE', place, most)
  end
end

-- Takes the lock that keeps equal tasks out. Its value is the id of the task that holds it, and the lock counts only
-- while that task exists. A lock that `stays` counts for all of `ttl`: its value is NUL, ttl, colon and the id. Ids
-- contain no NUL.
-- `again`: the task is stored or run again, so a lock that it holds is its own.
-- Returns nil if the lock was taken, else the id of its holder.
local function take_lock(queue, id, lock, ttl, stays, again)
  local place = key(queue, 'unique:' .. lock)
  local value = redis.call('GET', place)
  local most, holder = string.match(value or '', '^%z(%d+):(.*)$')
  if holder then
    if redis.call('PTTL', place) > most + SKEW then
      redis.call('PEXPIRE', place, most)
    end
    return not (again and holder == id) and holder or nil
  elseif value and value ~= id and redis.call('HEXISTS', key(queue, 'messages'), value) == 1 then
    pull_back_lock(queue, value, place)
    return value
  end
  local written = stays and '\0' .. string.format('%.0f', ttl) .. ':' .. id or id
  redis.call('SET', place, written, 'PX', ttl)
end
