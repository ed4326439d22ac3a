-- How scripts describe tasks. Loaded after `task_state.lua`.

-- Returns the name and the value of the field with the last failed attempt.
local function last_attempt(of)
  local last = ''
  for _, field in ipairs(redis.call('HKEYS', of)) do
    if is_attempt(field) and field > last then
      last = field
    end
  end
  return last, last ~= '' and redis.call('HGET', of, last)
end

local KEPT = { 'deadline', 'crashes', 'cancelled', 'completed', 'result', 'lock_for', 'lock_until', 'failure' }

-- Returns for each task [id, score, message, end of retention, deadline, crashes, cancelled, completed, result,
-- lock_for, lock_until, failure, last attempt, its note]. Stops when messages, results and notes exceed `most` bytes.
local function describe(queue, ids, scores, most)
  local rows, bytes = {}, 0
  local records, some_exist = records_of(queue, ids)
  for n, id in ipairs(ids) do
    local message = redis.call('HGET', key(queue, 'messages'), id)
    local row = { id, scores[n] or '', message, redis.call('ZSCORE', key(queue, 'retained'), id) }
    if some_exist then
      local kept = redis.call('HMGET', records[n], unpack(KEPT))
      for field = 1, #KEPT do
        row[4 + field] = kept[field]
      end
      row[13], row[14] = last_attempt(records[n])
    end
    rows[n] = row
    bytes = bytes + #(message or '') + #(row[9] or '') + #(row[14] or '')
    if bytes > most then
      break
    end
  end
  return rows
end
