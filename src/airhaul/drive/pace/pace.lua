-- The pace of a base and a token in Redis: what bulk/engine/pacer.py decides, on Redis' own clock.
--
-- KEYS: the limits, that of the base first. ARGV[1]: what is asked, as JSON; see redis.py.
-- A limit is a hash: what all its slots share by name, and its latest slots by number.

local ask = cjson.decode(ARGV[1])
local c = ask.constants
local BOOKED, DEPARTED, WRITTEN, ANSWERED = 0, 1, 2, 3
local EXPIRES_S = 3600

local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local links = ask.links
local base = KEYS[1]

local function get(key, name)
  return tonumber(redis.call('HGET', key, name) or 0)
end

local function set(key, name, number)
  redis.call('HSET', key, name, string.format('%.17g', number))
end

local function place_of(key, number)
  local found = redis.call('HGET', key, number % c.places)
  local read = found and cmsgpack.unpack(found)
  if not read or read[1] ~= number then return nil end
  return { number = read[1], state = read[2], cold = read[3], at = read[4], expected = read[5] }
end

local function put(key, place)
  local packed = cmsgpack.pack({ place.number, place.state, place.cold, place.at, place.expected })
  redis.call('HSET', key, place.number % c.places, packed)
end

local function since(key, at)
  local found, old, number = {}, 0, get(key, 'booked')
  while old < c.old_in_a_row do
    local place = place_of(key, number)
    if not place then break end
    if place.at > at then
      table.insert(found, place)
      old = 0
    else
      old = old + 1
    end
    number = number - 1
  end
  return found
end

local function most_late()
  return math.max(0, math.min(c.most_late_s, c.spent_most_s - get(base, 'spent')))
end

local function earn(seconds)
  set(base, 'spent', math.max(0, get(base, 'spent') - seconds))
end

local function nth_latest(link, times)
  if #times < link.requests then return -math.huge end
  table.sort(times, function(a, b) return a > b end)
  return times[link.requests] + link.period_s
end

local function seen_at(place, link)
  local old_at = place.at + link.period_s
  if place.state == DEPARTED and now < old_at + c.written_within_s then return math.huge end
  if place.state == WRITTEN and place.expected == 0 and now < old_at + c.unknown_s then return math.huge end
  if place.state == WRITTEN and place.expected > 0 and place.expected <= old_at + c.about_now_s then
    local is_late_by_s = now - place.expected - c.covered_s
    return is_late_by_s < most_late() and math.huge or place.at + most_late()
  end
  local late_s = place.state == WRITTEN and ask.usually_late_s or 0
  return place.at + math.max(late_s, place.cold and c.cold_s or 0)
end

local function counts(place, link)
  if place.state == BOOKED then
    return place.number < link.number and now <= place.at + c.used_within_s
  end
  return place.number ~= link.number
end

local function has_room_at(key, link, is_leaving)
  local before, times, seen = {}, {}, {}
  for _, place in ipairs(since(key, now - 2 * link.period_s)) do
    if counts(place, link) then
      table.insert(before, place)
      table.insert(times, place.at + (place.cold and c.cold_s or 0))
    end
  end
  local opens_at = nth_latest(link, times)
  if not is_leaving or opens_at > now + ask.ahead_s then return opens_at end
  for _, place in ipairs(before) do
    table.insert(seen, seen_at(place, link))
  end
  return math.min(nth_latest(link, seen), now + ask.ahead_s + c.look_again_s)
end

local function opens_at(is_leaving)
  local own = place_of(base, links[1].number)
  local at = math.max(own.at, get(base, 'paused'))
  for index, link in ipairs(links) do
    at = math.max(at, has_room_at(KEYS[index], link, is_leaving))
  end
  local just_before = place_of(base, links[1].number - 1)
  if just_before and just_before.state ~= ANSWERED then
    at = math.max(at, just_before.at + c.gap_s)
    if is_leaving and just_before.state ~= WRITTEN then
      local look_at = now + ask.ahead_s + c.look_again_s
      at = math.max(at, math.min(just_before.at + c.in_order_s, look_at))
    end
  end
  return at
end

local function move(state, at, expected)
  for index, link in ipairs(links) do
    local place = place_of(KEYS[index], link.number)
    if place then
      place.state, place.at, place.expected = state, at, expected or place.expected
      put(KEYS[index], place)
    end
  end
end

local function is_cold(key, link)
  local latest = since(key, now - 2 * link.period_s)
  if #latest >= link.requests then return false end
  for _, place in ipairs(latest) do
    if not place.cold then return false end
  end
  return true
end

local function period_of(rate)
  local requests = math.min(math.ceil(rate), c.most_requests)
  return requests, requests / rate * c.margin
end

-- Redis was restarted or flushed: what was sent just before is not known here, but who sent it asks.
local function note_forgotten()
  for index, key in ipairs(KEYS) do
    if get(key, 'booked') < ask.newest[index] then
      local _, period_s = period_of(ask.rates[1])
      set(key, 'booked', ask.newest[index])
      set(base, 'paused', math.max(get(base, 'paused'), now + period_s + c.cold_s))
    end
  end
end

local function next_link(key, rate)
  local of_others = now < get(key, 'rate_until') and redis.call('HGET', key, 'rate_by') ~= ask.by
  if of_others and get(key, 'rate') < rate then
    rate = get(key, 'rate')
  else
    set(key, 'rate', rate)
    redis.call('HSET', key, 'rate_by', ask.by)
  end
  local requests, period_s = period_of(rate)
  return { number = get(key, 'booked') + 1, requests = requests, period_s = period_s }
end

local function full_until(key)
  local first_needed = place_of(key, get(key, 'booked') + 1 - c.places + c.most_requests)
  return first_needed and first_needed.at or -math.huge
end

local function book()
  links = nil
  local full = -math.huge
  for _, key in ipairs(KEYS) do
    full = math.max(full, full_until(key))
  end
  if full > now then return full end
  links = {}
  local cold = true
  for index, key in ipairs(KEYS) do
    links[index] = next_link(key, ask.rates[index])
    cold = cold and is_cold(key, links[index])
  end
  for index, key in ipairs(KEYS) do
    set(key, 'booked', links[index].number)
    put(key, { number = links[index].number, state = BOOKED, cold = cold, at = now, expected = 0 })
    redis.call('EXPIRE', key, EXPIRES_S)
  end
  local at = opens_at(false)
  move(BOOKED, at)
  for _, key in ipairs(KEYS) do
    if redis.call('HGET', key, 'rate_by') == ask.by then set(key, 'rate_until', at + c.rate_holds_s) end
  end
end

local function was_lost()
  for index, link in ipairs(links) do
    local place = place_of(KEYS[index], link.number)
    if not place or now > place.at + c.used_within_s then return true end
  end
  return false
end

local function answer(is_granted, at)
  local numbers = {}
  for index, link in ipairs(links or {}) do
    numbers[index] = { link.number, link.requests, string.format('%.17g', link.period_s) }
  end
  return { is_granted and 1 or 0, string.format('%.6f', at - now), numbers }
end

if ask.what == 'pause' then
  set(base, 'paused', math.max(get(base, 'paused'), now + ask.for_s))
  redis.call('EXPIRE', base, math.max(EXPIRES_S, math.ceil(ask.for_s) + EXPIRES_S))
elseif ask.what == 'written' then
  earn(ask.earned_s)
  local at = now - ask.ago_s
  local place = place_of(base, links[1].number)
  if place then at = math.max(at, place.at) end
  move(WRITTEN, at, ask.takes_s > 0 and at + ask.takes_s or 0)
elseif ask.what == 'answered' then
  local late_s = math.min(ask.late_s, most_late())
  earn(-late_s)
  local place = place_of(base, links[1].number)
  if place then move(ANSWERED, place.at + late_s) end
else
  note_forgotten()
  if links == cjson.null or not links or was_lost() then
    local full = book()
    if full then return answer(false, full) end
  end
  local is_leaving = ask.what == 'leave'
  local at = opens_at(is_leaving)
  local is_soon = at <= now + ask.ahead_s
  move(is_leaving and is_soon and DEPARTED or BOOKED, is_soon and math.max(at, now) or at)
  return answer(is_soon, is_soon and at or at - ask.ahead_s)
end
