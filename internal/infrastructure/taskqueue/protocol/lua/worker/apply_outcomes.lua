-- Settles tasks: moves them out of `active` by their outcome. Loaded before `settle_and_fetch.lua`.
local STATS_TTL = 90 * 24 * 3600

local ATTEMPTS_KEPT = 50
-- A record has at most this many other fields.
local OTHER_FIELDS = 22

local function store_note(queue, id, note, mark)
  if note == '' then
    return
  end
  local name = record(queue, id)
  redis.call('HSET', name, 'attempt:' .. now, note, 'failure', mark, 'failed_at', now)
  if redis.call('HLEN', name) > ATTEMPTS_KEPT + OTHER_FIELDS then
    local attempts = {}
    for _, field in ipairs(redis.call('HKEYS', name)) do
      if is_attempt(field) then
        attempts[#attempts + 1] = field
      end
    end
    table.sort(attempts)
    for n = 1, #attempts - ATTEMPTS_KEPT do
      redis.call('HDEL', name, attempts[n])
    end
  end
end

local apply = {}

function apply.done(queue, id, keep_for, message, result, _, gone)
  if keep_for == 0 then
    gone[#gone + 1] = id
  else
    redis.call('ZADD', key(queue, 'completed'), now, id)
    redis.call('ZADD', key(queue, 'retained'), now + keep_for, id)
    redis.call('HSET', record(queue, id), 'completed', now, 'result', result)
    follow_success(queue, { id })
    retire(queue, { id })
    announce_end(queue, id)
  end
end

function apply.retry(queue, id, delay, message, note, mark)
  store_note(queue, id, note, mark)
  redis.call('HSET', record(queue, id), 'put_off', now)
  to_later(queue, 'retry', id, delay)
end

function apply.scheduled(queue, id, delay)
  redis.call('HSET', record(queue, id), 'put_off', now)
  to_later(queue, 'scheduled', id, delay)
end

function apply.archived(queue, id, _, message, note, mark, gone, limits)
  store_note(queue, id, note, mark)
  follow_failure(queue, id)
  to_archive(queue, id, limits[1])
end

function apply.released(queue, id)
  keep_turn(queue, id)
  to_front(queue, id)
  wake(queue)
end

local counted = { done = 'processed', retry = 'failed', archived = 'failed' }

-- Returns the indexes, from 1, of outcomes with an invalid token. `limits` are those of a queue's archive.
local function settle(outcomes, limits)
  local rejected, left, gone, counts = {}, {}, {}, {}
  local tokens = read_fields('tokens', outcomes, 2)
  for place, outcome in ipairs(outcomes) do
    local kind, queue, id, held, number, message, note, mark = unpack(outcome)
    local stored = tokens[queue][id]
    if not is_token(stored, held) then
      rejected[#rejected + 1] = place
    elseif kind == 'progress' then
      redis.call('HSET', record(queue, id), 'result', note)
    else
      -- A task is settled once, even within one call.
      tokens[queue][id] = false
      left[queue], gone[queue] = left[queue] or {}, gone[queue] or {}
      table.insert(left[queue], id)
      if message ~= '' then
        redis.call('HSET', key(queue, 'messages'), id, message)
      end
      apply[kind](queue, id, number, message, note, mark, gone[queue], limits)
      if counted[kind] then
        local name = queue .. '\0' .. counted[kind]
        counts[name] = (counts[name] or 0) + 1
      end
    end
  end
  for queue, ids in pairs(left) do
    take_out_of_active(queue, ids)
    local _, some_have_more = records_of(queue, ids)
    if some_have_more then
      free_places(queue, ids)
      follow_success(queue, gone[queue])
      forget(queue, gone[queue])
    elseif #gone[queue] > 0 then
      -- The usual case: the tasks have only their messages.
      redis.call('HDEL', key(queue, 'messages'), unpack(gone[queue]))
    end
  end
  for name, count in pairs(counts) do
    local queue, field = string.match(name, '^(.*)%z(.*)$')
    local stats = key(queue, 'stats:' .. today)
    redis.call('HINCRBY', stats, field, count)
    redis.call('EXPIRE', stats, STATS_TTL)
  end
  return rejected
end
