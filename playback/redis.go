package playback

// RedisClock begins a Lua script of the stores in Redis: now is Redis's own time in ms since 1970, so that replicas' clocks
// don't matter.
const RedisClock = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`
