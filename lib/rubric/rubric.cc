#include "lib/rubric/rubric.h"

#include <algorithm>
#include <array>

#include "lib/rubric/criteria.h"

namespace rm::rubric {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view trim(std::string_view s) {
  const std::size_t first = s.find_first_not_of(kBlank);
  if (first == s.npos) return {};
  return s.substr(first, s.find_last_not_of(kBlank) - first + 1);
}

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

}  // namespace

Rubric read_rubric(std::string_view trace) {
  Rubric r;
  std::string_view text = spoken(trace);
  text = text.substr(0, std::min(text.find("<eval>"), text.find("<answer>")));  // what follows talks about the answers

  if (auto type = find_part(text, "<type>", "</type>", {"<rubric>", "<solution>", "\n"})) {
    for (const char* known : {"chat", "reasoning"}) {
      if (equals_ignoring_case(trim(type->inside), known)) r.type = known;
    }
  }
  if (auto solution = find_part(text, "<solution>", "</solution>", {"<rubric>", "<type>", "<justify>"})) {
    r.solution = trim(solution->inside);
  }
  const auto rubric = find_part(text, "<rubric>", "</rubric>", {"<solution>", "<type>", "<rubric>"});
  if (!rubric) return r;
  std::string criteria(rubric->inside);
  if (auto justify = find_part(rubric->inside, "<justify>", "</justify>", {"<solution>", "<rubric>", "<type>"})) {
    r.justify = trim(justify->inside);
    criteria.erase(justify->begin, justify->end - justify->begin);
  } else if (auto after =
                 find_part(text.substr(rubric->end), "<justify>", "</justify>", {"<solution>", "<rubric>", "<type>"})) {
    r.justify = trim(after->inside);
  }
  r.criteria = read_criteria(criteria);
  return r;
}

}  // namespace rm::rubric
