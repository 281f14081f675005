#include "lib/rubric/rubric.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>

#include "lib/rubric/criteria.h"
#include "lib/rubric/spelling.h"
#include "lib/text/utf8.h"

namespace rm::rubric {
namespace {

constexpr std::size_t kShown = 120;  // characters of what could not be read

bool equals_ignoring_case(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'A' && a[i] <= 'Z' ? static_cast<char>(a[i] - 'A' + 'a') : a[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// A part of the trace: what its tags hold, and the bytes tags included.
struct Part {
  std::string_view inside;
  std::size_t begin = 0, end = 0;
};

// The first <tag>...</tag> of `text`. One left open ends where one of `stops` opens, or with the text.
std::optional<Part> find_part(std::string_view text, std::string_view open, std::string_view close,
                              const std::array<std::string_view, 3>& stops) {
  const std::size_t begin = text.find(open);
  if (begin == text.npos) return std::nullopt;
  const std::size_t from = begin + open.size();
  std::size_t to = text.find(close, from), end = to;
  if (to == text.npos) {
    to = text.size();
    for (std::string_view stop : stops) to = std::min(to, text.find(stop, from));
    end = to;
  } else {
    end = to + close.size();
  }
  return Part{text.substr(from, to - from), begin, end};
}

// After the thought: a rubric that was only considered there is not the one the verdict rests on.
std::string_view spoken(std::string_view trace) {
  constexpr std::string_view kEnd = "</think>";
  const std::size_t close = trace.find(kEnd), eval = trace.find("<eval>");
  return close == trace.npos || eval < close ? trace : trace.substr(close + kEnd.size());
}

// All that stands between <justify> and </justify>, and what is left. One that is never closed takes the rest, and `open` is
// set.
std::string take_justify(std::string_view text, std::string& justify, bool* open = nullptr) {
  std::string left;
  while (const auto part = find_part(text, "<justify>", "</justify>", {"<solution>", "<rubric>", "<type>"})) {
    left += text.substr(0, part->begin);
    const std::string_view said = trim(part->inside);
    if (open != nullptr) *open = part->end == part->begin + 9 + part->inside.size();
    if (!justify.empty() && !said.empty()) justify += '\n';
    justify += said;
    text.remove_prefix(part->end);
  }
  left += text;
  return left;
}

void read_type(std::string_view text, Rubric& r) {
  const auto type = find_part(text, "<type>", "</type>", {"<rubric>", "<solution>", "\n"});
  if (!type) return;
  const std::string_view said = trim(type->inside);
  for (const char* known : {"chat", "reasoning"}) {
    if (equals_ignoring_case(said, known)) r.type = known;
  }
  if (!r.type) r.unread.push_back({"type", "unknown", "", std::string(text::first_code_points(said, kShown))});
}

}  // namespace

Rubric read_rubric(std::string_view trace) {
  Rubric r;
  std::string_view text = spoken(trace);
  const std::size_t end = std::min(text.find("<eval>"), text.find("<answer>"));
  text = text.substr(0, end);  // what follows talks about the answers

  read_type(text, r);
  if (auto solution = find_part(text, "<solution>", "</solution>", {"<rubric>", "<type>", "<justify>"}))
    r.solution = trim(solution->inside);
  const auto rubric = find_part(text, "<rubric>", "</rubric>", {"<solution>", "<type>", "<rubric>"});
  if (!rubric) {
    if (r.solution.empty()) r.unread.push_back({"rubric", "absent", "", ""});
    return r;
  }
  const bool cut = end == text.npos && rubric->begin + 8 + rubric->inside.size() == text.size();
  bool open = false;  // what was cut is the justification
  const std::string criteria = take_justify(rubric->inside, r.justify, &open);
  if (r.justify.empty()) take_justify(text.substr(rubric->end), r.justify);
  Criteria read = read_criteria(criteria, cut && !open);
  r.criteria = std::move(read.list);
  std::ranges::move(read.unread, std::back_inserter(r.unread));
  if (cut && !open) {
    r.unread.push_back({"rubric", "unclosed", "", ""});
  } else if (r.criteria.empty()) {
    r.unread.push_back(
        {"rubric", "no_criteria", "", std::string(text::first_code_points(trim(rubric->inside), kShown))});
  }
  return r;
}

}  // namespace rm::rubric
