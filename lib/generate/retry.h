// What an HTTP answer asks for: take it, try again (and when), refuse the request, or give the whole run up.
//
// Pure but for the random numbers handed in. Which statuses are worth another try: 408, 429 and 5xx; 404 is a wrong model
// or a wrong address, 401 and 403 a wrong key, and no other request would fare better.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

#include "lib/base/rng.h"
#include "lib/generate/chat_api.h"

namespace rm::generate {

enum class Action {
  kRead,      // 2xx: read the body
  kRetry,     // worth another try
  kBusy,      // as kRetry, but no sign of ill health
  kRefused,   // this request will never do
  kTooLong,   // ... because its prompt does not fit
  kNotFound,  // no such model, or no such address
  kKey,       // the key is missing or wrong
  kElsewhere  // 3xx: a redirect, which is not followed
};
Action action_for(long status, const ServerWords& words);

// How long to wait before the n-th new try (from 1): doubling from a quarter second to 8 s, of which a random part between
// one half and all is taken.
std::chrono::milliseconds back_off(int n, Rng& rng);

// What a Retry-After header asks for: seconds or an HTTP date, at most 5 minutes; empty where it says nothing readable.
std::optional<std::chrono::milliseconds> retry_after(std::string_view header, std::time_t now);

}  // namespace rm::generate
