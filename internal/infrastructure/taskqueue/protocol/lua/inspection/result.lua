#!lua flags=allow-oom,no-writes
-- Read the state and the result of a task.
-- KEYS[1] namespace
-- ARGV[1] msgpack [queue, id]
-- Returns [state, message, result or false, note of the last failed attempt or false]; false if there is no task.
local queue, id = unpack(cmsgpack.unpack(ARGV[1]))
local message = redis.call('HGET', key(queue, 'messages'), id)
if not message then
  return false
end
local result, last, note = false, '', false
local fields = redis.call('HGETALL', record(queue, id))
for n = 1, #fields, 2 do
  local name, value = fields[n], fields[n + 1]
  if name == 'result' and value ~= '' then
    result = value
  elseif is_attempt(name) and name > last then
    last, note = name, value
  end
end
return { state_of(queue, id), message, result, note }
