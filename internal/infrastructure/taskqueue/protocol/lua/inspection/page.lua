#!lua flags=allow-oom,no-writes
-- Read a page of the tasks in a state, ordered by score and id.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, sets, newest, score, id, count, bytes}
--   sets       the sorted sets of the state, read as one
--   newest     1 for the highest scores first
--   score, id  start after this task, which may be gone; score '' starts at the beginning
--   count      maximum number of tasks
--   bytes      size limit of their messages and results
-- Returns [1 if the queue exists, rows of `describe` in `describe_tasks.lua`, 1 if there are more tasks]
local queue, sets, newest, score, id, count, bytes = unpack(cmsgpack.unpack(ARGV[1]))

local function is_next(one, other)
  local a, b = tonumber(one.score), tonumber(other.score)
  if a == b then
    return precedes(one.id, other.id) == (newest == 0)
  end
  return (a < b) == (newest == 0)
end

local found = {}
for _, set in ipairs(sets) do
  local members = read_after(key(queue, set), newest, score, id, count)
  for n = 1, #members, 2 do
    table.insert(found, { id = members[n], score = members[n + 1] })
  end
end
if #sets > 1 then
  table.sort(found, is_next)
end
local ids, scores = {}, {}
for n = 1, math.min(count, #found) do
  ids[n], scores[n] = found[n].id, found[n].score
end
local rows = describe(queue, ids, scores, bytes)
return { redis.call('SISMEMBER', prefix .. ':queues', queue), rows, #rows < #found and 1 or 0 }
