#!lua flags=allow-oom,no-writes
-- Look at some tasks of a queue by their ids.
-- KEYS[1] namespace
-- ARGV[1] msgpack {queue, ids, bytes}
-- Returns what `describe` in `reading.lua` says of each; fewer if their messages and results are more than `bytes`
local queue, ids, bytes = unpack(cmsgpack.unpack(ARGV[1]))
return describe(queue, ids, {}, bytes)
