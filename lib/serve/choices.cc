#include "lib/serve/choices.h"

#include <string>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/judge/rating.h"

namespace rm::serve {
namespace {

Error bad(std::string message) { return make_error(Exit::kInput, "bad_option", std::move(message)); }

std::optional<bool> read_flag(std::string_view text) {
  if (text.empty() || text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

Result<void> set(Choices& c, std::string_view name, std::string_view value, const Limits& limits) {
  judge::Settings& s = c.settings;
  if (name == "both_orders" || name == "stream") {
    const auto flag = read_flag(value);
    if (!flag) return bad(std::string(name) + ": expected true or false");
    if (name == "stream")
      c.stream = flag;
    else
      s.both_orders = *flag;
  } else if (name == "samples") {
    const auto n = parse_int(value);
    if (!n || *n < 1 || *n > limits.samples)
      return bad("samples: expected a number from 1 to " + std::to_string(limits.samples));
    s.samples = static_cast<int>(*n);
    if (s.samples > 1 && s.temperature == 0) s.temperature = 1;
  } else if (name == "seed") {
    const auto n = parse_unsigned(value);
    if (!n) return bad("seed: expected a number from 0 to 18446744073709551615");
    s.seed = *n;
  } else if (name == "budget") {
    const auto n = parse_int(value);
    if (!n || *n < 0 || *n > limits.budget)
      return bad("budget: expected a number of calls from 0 to " + std::to_string(limits.budget));
    s.budget = *n;
  } else if (name == "rate") {
    const auto on = read_flag(value);
    if (on) {
      s.rate = *on ? std::optional(judge::Scale{}) : std::nullopt;
    } else if (!(s.rate = judge::parse_scale(value))) {
      return bad("rate: expected LOW-HIGH, such as 1-10");
    }
  } else {
    return bad("unknown option " + escape_text(name, 40) +
               ": expected both_orders, samples, rate, seed, budget or stream");
  }
  return {};
}

}  // namespace

Result<void> choose_by_query(Choices& c, std::string_view query, const Limits& limits) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t eq = part.find('=');
    const std::string_view value = eq == std::string_view::npos ? std::string_view() : part.substr(eq + 1);
    RM_TRY(set(c, part.substr(0, eq), value, limits));
  }
  return {};
}

Result<void> choose_by_object(Choices& c, const json::Value& options, const Limits& limits) {
  if (!options.is(json::Type::kObject))
    return bad(std::string("options: ") + name(options.type()) + "; expected an object");
  std::optional<Error> first;
  options.each_member([&](std::string_view key, json::Value v) {
    if (first) return;
    std::string value;
    if (const auto s = v.string())
      value = *s;
    else if (v.is(json::Type::kNull))
      return;
    else if (v.is(json::Type::kArray) || v.is(json::Type::kObject))
      value = "?";
    else
      value = v.dump();
    if (auto r = set(c, key, value.empty() ? "?" : value, limits); !r) first = r.error();
  });
  if (first) return *first;
  return {};
}

}  // namespace rm::serve
