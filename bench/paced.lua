-- load.lua with pauses. wrk asks for them wherever this function is, so it stands in a file of its own.
dofile((debug.getinfo(1, "S").source:sub(2):match("^(.*/)") or "./") .. "load.lua")

-- Pauses as many independent clients make them: exponential, so that requests do not come in step.
function delay()
  return math.floor(-think * math.log(1 - math.random()) + 0.5)
end
