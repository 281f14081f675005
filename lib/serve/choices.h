// What a single request may change about how it is judged: few things, each within the server's bounds.
//
// From the query (?both_orders=1&samples=4&rate=1-10&seed=7&budget=20) or the same names in an object. Anything else is an
// error that names what is known. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "lib/base/json.h"
#include "lib/judge/judge.h"
#include "lib/serve/options.h"

namespace rm::serve {

struct Choices {
  judge::Settings settings;
  std::optional<bool> stream;
};

// Exit::kInput, reason "bad_option". More than one sample at temperature 0 would be the same text again: such a request is
// sampled at 1, as rm-judge does.
Result<void> choose_by_query(Choices& c, std::string_view query, const Limits& limits);
Result<void> choose_by_object(Choices& c, const json::Value& options, const Limits& limits);

}  // namespace rm::serve
