-- Every request reads BENCH_PATH as a random member, by cookie (pages) or token (API).
local keys, header = {}, os.getenv("BENCH_HEADER")

function init()
  for line in io.lines(os.getenv("BENCH_KEYS")) do keys[#keys + 1] = line end
  math.randomseed(os.time())
end

function request()
  local value = keys[math.random(#keys)]
  if header == "Authorization" then value = "Bearer " .. value end
  return wrk.format("GET", os.getenv("BENCH_PATH"), { [header] = value })
end
