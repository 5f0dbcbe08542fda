-- Every request logs a new act for a random member: POST /api/v1/activities.
local tokens, at, prefix, n = {}, os.getenv("BENCH_AT"), "", 0
local codes = { "bike", "bus", "ebike", "walk" }
local thread_number = 0

function setup(thread)
  thread:set("id", thread_number)
  thread_number = thread_number + 1
end

function init()
  for line in io.lines(os.getenv("BENCH_KEYS")) do tokens[#tokens + 1] = line end
  math.randomseed(os.time() * 10 + id)
  prefix = string.format("%08x-%04x-4%03x-8%01x", os.time() % 4294967296, math.random(0, 65535), math.random(0, 4095), id)
end

function request()
  n = n + 1
  local body = string.format('{"id":"%s%02x-%012x","behaviour":"%s","quantity":%.1f,"occurred_at":"%s"}',
    prefix, math.random(0, 255), n, codes[math.random(4)], math.random(5, 60) / 10, at)
  return wrk.format("POST", "/api/v1/activities",
    { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. tokens[math.random(#tokens)] }, body)
end

local bad = 0
function response(status)
  if status ~= 201 then bad = bad + 1 end
end
