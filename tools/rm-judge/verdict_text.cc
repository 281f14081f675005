#include "tools/rm-judge/verdict_text.h"

#include <algorithm>
#include <cmath>

#include "lib/base/number.h"
#include "lib/rubric/rubric.h"
#include "tools/rm-judge/columns.h"
#include "tools/rm-judge/painter.h"

namespace rm::rmjudge {
namespace {

constexpr int kAnswerRows = 16;
constexpr int kBar = 20;  // columns of the longest bar
const std::string kIndent(8, ' ');

void print_rubric(Screen& s, const rubric::Rubric& r) {
  if (r.criteria.empty()) return;
  s.heading("Rubric");
  for (const rubric::Criterion& c : r.criteria) {
    std::string weight = c.weight ? format_fixed(*c.weight * 100, 0) + " %" : "";
    weight.insert(0, weight.size() < 6 ? 6 - weight.size() : 0, ' ');
    const std::string name = wrapped(c.name, s.columns() - 8, 8);
    s.put(weight + "  " + s.style("1", name) + "\n");
    if (!c.description.empty()) s.put(kIndent + wrapped(c.description, s.columns(), 8) + "\n");
  }
}

std::string why_none(const records::Judgment& j) {
  const std::string reason = j.samples.empty() ? "" : j.samples.front().reason;
  if (reason == "length") return "none: the trace was cut before it came to one (--max-tokens)";
  if (reason == "conflict") return "none: the trace contradicts itself";
  return "none: the trace does not state one";
}

std::string verdict_words(const records::Judgment& j) {
  if (!j.verdict) return why_none(j);
  return *j.verdict == "tie" ? "tie" : *j.verdict + " is better";
}

void print_votes(Screen& s, const records::Judgment& j) {
  if (j.votes_a + j.votes_b + j.votes_none > 1) {
    s.put(kIndent + "votes: A " + std::to_string(j.votes_a) + ", B " + std::to_string(j.votes_b) + ", none " +
          std::to_string(j.votes_none) + "\n");
  }
  if (j.confidence) s.put(kIndent + "confidence: " + format_fixed(*j.confidence, 3) + "\n");
  if (j.consistent) s.put(kIndent + "both orders " + (*j.consistent ? "agree" : "disagree") + "\n");
}

void print_answers(Screen& s, const Question& q, const records::Judgment& j) {
  if (s.width == 0 || q.answers.size() != 2) return;
  s.heading("Answers");
  std::string a = "A", b = "B";
  if (j.verdict == "A") a += " (better)";
  if (j.verdict == "B") b += " (better)";
  s.put(side_by_side({a, q.answers[0]}, {b, q.answers[1]}, std::min(s.full_width, 160), kAnswerRows, s.color));
}

// Two digits; what rounds to nothing has no sign.
std::string score_text(double v) { return format_fixed(std::abs(v) < 0.005 ? 0.0 : v, 2); }

std::string bar(double share, int columns) {
  std::string out;
  for (int i = 0; i < static_cast<int>(std::lround(share * columns)); ++i) out += "\u2588";
  return out;
}

void print_ranking(Screen& s, const Question& q, const records::Judgment& j) {
  const records::Ranking& r = *j.ranking;
  s.heading("Ranking");
  int widest = 0;
  for (const std::string& n : q.names) widest = std::max(widest, display_width(n));
  const auto [low, high] = std::ranges::minmax(r.scores);
  for (std::size_t place = 0; place < r.order.size(); ++place) {
    const auto i = static_cast<std::size_t>(r.order[place]);
    const std::string pad(static_cast<std::size_t>(widest - display_width(q.names[i])), ' ');
    std::string score = score_text(r.scores[i]);
    score.insert(0, score.size() < 6 ? 6 - score.size() : 0, ' ');
    std::string line = "    " + std::to_string(place + 1) + ". " + q.names[i] + pad + "  " + score + "  (" +
                       score_text(r.intervals[i][0]) + " to " + score_text(r.intervals[i][1]) + ")";
    if (s.width >= 60 && high > low) line += "  " + bar((r.scores[i] - low) / (high - low), kBar);
    s.put(place == 0 ? s.style("1;32", line) + "\n" : line + "\n");
  }
  const std::string calls = std::to_string(r.calls) + (r.calls == 1 ? " judgment" : " judgments");
  s.put(kIndent + wrapped(calls + "; Bradley-Terry scores with 95 % intervals", s.columns(), 8) + "\n");
}

void print_ratings(Screen& s, const Question& q, const records::Judgment& j) {
  s.heading(q.answers.size() > 1 ? "Ratings" : "Rating");
  for (std::size_t i = 0; i < j.ratings->size(); ++i) {
    const auto& r = (*j.ratings)[i];
    const std::string value = r ? format_fixed(*r, *r == std::floor(*r) ? 0 : 2) : why_none(j);
    s.put(kIndent + (q.answers.size() > 1 ? q.names[i] + "  " : "") + s.style(r ? "1;32" : "1;33", value) + "\n");
  }
}

}  // namespace

void print_judgment(Screen& s, const Question& q, const records::Judgment& j, const std::vector<std::string>& odd) {
  if (!j.samples.empty() && !j.ranking) print_rubric(s, rubric::read_rubric(j.samples.front().text));
  if (j.ranking) {
    print_ranking(s, q, j);
  } else if (j.ratings) {
    print_ratings(s, q, j);
  } else {
    s.heading("Verdict");
    s.put(kIndent + s.style(j.verdict ? "1;32" : "1;33", verdict_words(j)) + "\n");
    print_votes(s, j);
  }
  for (const std::string& w : odd) s.put(kIndent + s.style("33", "note: " + w) + "\n");
  if (!j.ranking && !j.ratings) print_answers(s, q, j);
}

}  // namespace rm::rmjudge
