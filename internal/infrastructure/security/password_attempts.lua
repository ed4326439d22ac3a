-- Count an attempt at the password of an account as failed, or take one back.
-- KEYS[1] the failures of the account
-- ARGV[1] "begin" or "give_back"
-- ARGV[2..6] free, first_wait, window, ceiling, forget_after: a LockoutPolicy, with times in milliseconds
-- Returns {began, wait}
--   began  1: this attempt is counted, and may begin
--   wait   milliseconds until the next one may begin, if this one fails or may not begin
local free, first_wait, window = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local ceiling, forget_after = tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stored = redis.call('HMGET', KEYS[1], 'in_a_row', 'recent', 'open_at', 'wait')
local in_a_row, recent = tonumber(stored[1] or 0), tonumber(stored[2] or 0)
local open_at, wait = tonumber(stored[3] or 0), tonumber(stored[4] or 0)

if ARGV[1] == 'give_back' then
  if in_a_row > 0 then
    redis.call('HSET', KEYS[1], 'in_a_row', in_a_row - 1, 'recent', recent - 1, 'open_at', math.min(open_at, now))
  end
  return { 0, 0 }
end

-- If the clock was set back, the account would wait for longer than it has to.
if open_at > now and open_at - now <= wait then
  return { 0, open_at - now }
end
if now - open_at >= window then
  recent = 0
end
in_a_row, recent = in_a_row + 1, recent + 1

wait = 0
if in_a_row >= ceiling then
  wait = forget_after
elseif recent >= free then
  wait = math.min(first_wait * 2 ^ (recent - free), window)
end
redis.call('HSET', KEYS[1], 'in_a_row', in_a_row, 'recent', recent, 'open_at', now + wait, 'wait', wait)
redis.call('PEXPIRE', KEYS[1], forget_after)
return { 1, wait }
