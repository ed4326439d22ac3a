#!lua flags=allow-oom,no-writes
-- Read what an operator action needs before it changes tasks.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids}
-- Returns for each id [set, names_log, message]
--   set        '' if there is no such task
--   names_log  1 if the message may name the completion log
--   message    of archived tasks, else ''
local queue, ids = unpack(cmsgpack.unpack(ARGV[1]))
local found = {}
for n, id in ipairs(ids) do
  local set = find(queue, id) or ''
  local message = redis.call('HGET', key(queue, 'messages'), id) or ''
  -- JSON escapes quotes in values, so only a key matches. A payload with such a key costs one look at the log.
  local named = string.find(message, '"outbox":', 1, true) and 1 or 0
  found[n] = { set, named, set == 'archived' and message or '' }
end
return found
