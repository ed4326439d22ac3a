#!lua flags=allow-oom,no-writes
-- Read tasks of a queue by their ids.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids, bytes}
-- Returns rows of `describe` in `describe_tasks.lua`; fewer if messages and results exceed `bytes`.
local queue, ids, bytes = unpack(cmsgpack.unpack(ARGV[1]))
return describe(queue, ids, {}, bytes)
