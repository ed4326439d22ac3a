#!lua flags=allow-oom,no-writes
-- Read the marks of failed tasks, without their messages.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, set, newest, score, id, count}; see `read_after` in `reading_order.lua`
--   set  'retry' or 'archived'
-- Returns [now in ms, [[id, score, mark, ms of the failure, name, error], ...], 1 if there are more tasks]
--   mark   as `settle_and_fetch` stored it; '' if a version without marks has settled the attempt
--   ms     '' if the task has not failed
--   name   only without a mark: the task's name
--   error  only without a mark: the type of the last error
local queue, set, newest, score, id, count = unpack(cmsgpack.unpack(ARGV[1]))

-- The type is before the first colon of a note, which is JSON or plain text.
local function type_in(note)
  local error = string.match(note, '"error":%s*"([^:"\\]*)') or string.match(note, '^[^:{]*')
  return string.sub(error, 1, 100)
end

local members = read_after(key(queue, set), newest, score, id, count)
local rows = {}
for n = 1, math.min(count, #members / 2) do
  local member = members[2 * n - 1]
  local mark, failed_at = unpack(redis.call('HMGET', record(queue, member), 'failure', 'failed_at'))
  local row = { member, members[2 * n], mark or '', failed_at or '', '', '' }
  if row[3] == '' then
    local attempt, note = last_attempt(record(queue, member))
    local message = redis.call('HGET', key(queue, 'messages'), member) or ''
    row[4] = string.sub(attempt, #'attempt:' + 1)
    row[5] = string.match(message, '"actor_name":%s*"([^"\\]*)"') or ''
    row[6] = note and type_in(note) or ''
  end
  rows[n] = row
end
return { now, rows, #members / 2 > count and 1 or 0 }
