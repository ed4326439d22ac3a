#!lua flags=allow-oom,no-writes
-- Read the notes of failed attempts.
-- KEYS[1] namespace
-- ARGV[1] msgpack [[queue, id, ms of the failure as a string], ...]
-- Returns a note for each; '' if the task has none
local notes = {}
for n, attempt in ipairs(cmsgpack.unpack(ARGV[1])) do
  local queue, id, at = unpack(attempt)
  notes[n] = redis.call('HGET', record(queue, id), 'attempt:' .. at) or ''
end
return notes
