#!lua flags=allow-oom,no-writes
-- What an operator's action needs to know about tasks before it changes them.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids}
-- Returns for each task
--   [set, or '' if there is no such task; 1 if its message may name the completion log; the message, if archived]
local queue, ids = unpack(cmsgpack.unpack(ARGV[1]))
local found = {}
for n, id in ipairs(ids) do
  local set = find(queue, id) or ''
  local message = redis.call('HGET', key(queue, 'messages'), id) or ''
  -- In a value a quote would be escaped; a payload that has such a key costs the completion log a look, and no more.
  local named = string.find(message, '"outbox":', 1, true) and 1 or 0
  found[n] = { set, named, set == 'archived' and message or '' }
end
return found
