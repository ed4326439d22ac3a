-- The record of a task. Loaded after `keys.lua`.

-- The hash with rare data of a task: deadline, lock, limit, number of crashes, history of attempts, result.
local function record(queue, id)
  return prefix .. ':' .. queue .. ':task:' .. id
end

-- Returns the records of tasks, and whether any of them exists: most tasks have no record.
local function records_of(queue, ids)
  local records = {}
  for n, id in ipairs(ids) do
    records[n] = record(queue, id)
  end
  return records, #ids > 0 and redis.call('EXISTS', unpack(records)) > 0
end

-- Tells if a field of a record describes a failed attempt.
local function is_attempt(field)
  return string.sub(field, 1, 8) == 'attempt:'
end

-- Reads one field for each row from the hash `part` of the row's queue. `at` is the position of the queue in a row; the
-- field is behind it. Returns queue -> field -> value.
local function read_fields(part, rows, at)
  local fields, values = {}, {}
  for _, row in ipairs(rows) do
    local queue = row[at]
    fields[queue] = fields[queue] or {}
    table.insert(fields[queue], row[at + 1])
  end
  for queue, names in pairs(fields) do
    values[queue] = {}
    for n, value in ipairs(redis.call('HMGET', key(queue, part), unpack(names))) do
      values[queue][names[n]] = value
    end
  end
  return values
end

-- Calls `visit(id, value, ...)` with these fields of each task's record, unless no task has one. Returns the records.
local function each_record(queue, ids, fields, visit)
  local records, some_exist = records_of(queue, ids)
  if some_exist then
    for n, id in ipairs(ids) do
      visit(id, unpack(redis.call('HMGET', records[n], unpack(fields))))
    end
  end
  return records
end
