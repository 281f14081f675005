#include "lib/bench/vote.h"

#include <algorithm>

namespace rm::bench {
namespace {

using json::Value;
using records::Judgment;

Error refuse(std::string reason, std::string message) {
  return make_error(Exit::kInput, std::move(reason), std::move(message));
}

// The mean of those who gave a number, by answer.
Result<void> add_ratings(const std::vector<std::optional<double>>& r, std::vector<double>& sum, std::vector<int>& n) {
  if (sum.empty()) sum.assign(r.size(), 0), n.assign(r.size(), 0);
  if (sum.size() != r.size()) return refuse("not_votable", "the judges rated different numbers of answers");
  for (std::size_t i = 0; i < r.size(); ++i) {
    if (r[i]) sum[i] += *r[i], ++n[i];
  }
  return {};
}

// What one of the judges who said the same made of it; a tie is nobody's.
void take_meaning(const std::vector<Judgment>& judges, Judgment& out) {
  const bool labelled = std::ranges::any_of(judges, [](const Judgment& j) { return j.correct.has_value(); });
  if (labelled) out.correct = false;
  if (!out.verdict) return;
  if (*out.verdict == "tie") {
    out.preferred = "tie";
    return;
  }
  for (const Judgment& j : judges) {
    if (j.verdict != out.verdict) continue;
    out.preferred = j.preferred;
    if (j.correct) out.correct = j.correct;
    return;
  }
}

void count(const std::vector<Judgment>& judges, Judgment& out) {
  std::int64_t ties = 0;
  for (const Judgment& j : judges) {
    if (!j.verdict) {
      ++out.votes_none;
    } else if (*j.verdict == "tie") {
      ++ties;
    } else {
      ++(*j.verdict == "A" ? out.votes_a : out.votes_b);
    }
  }
  if (out.votes_a + out.votes_b + ties == 0) return;
  out.verdict = out.votes_a > out.votes_b ? "A" : out.votes_b > out.votes_a ? "B" : "tie";
  const std::int64_t most = std::max(out.votes_a, out.votes_b);
  if (*out.verdict != "tie") out.confidence = double(most) / double(out.votes_a + out.votes_b + ties);
}

// Two rated answers have a verdict too: the higher mean.
void compare_means(const std::vector<Judgment>& judges, Judgment& out) {
  const auto& r = *out.ratings;
  if (r.size() != 2 || !r[0] || !r[1]) return;
  out.verdict = *r[0] > *r[1] ? "A" : *r[1] > *r[0] ? "B" : "tie";
  const auto same = std::ranges::any_of(judges, [&](const Judgment& j) { return j.verdict == out.verdict; });
  take_meaning(judges, out);
  if (!same && *out.verdict != "tie") out.correct.reset();
}

}  // namespace

Result<Judgment> vote(std::span<const Value> records) {
  std::vector<Judgment> judges;
  std::vector<double> sum;
  std::vector<int> n;
  Judgment out;
  std::string models;
  std::int64_t failed = 0;
  for (const Value& record : records) {
    const auto judgment = record.find("judgment");
    if (!judgment) {
      if (!record.find("error")) return refuse("bad_judgment", "the record has no judgment; run rm-judge on it");
      ++failed;
      continue;
    }
    RM_ASSIGN(Judgment j, records::read_judgment(*judgment));
    if (j.ranking) return refuse("not_votable", "rankings cannot be put together by majority; judge pairs, or --rate");
    if (j.ratings.has_value() != !sum.empty() && !judges.empty())
      return refuse("not_votable", "one judge rated the answers and another compared them");
    if (j.ratings) RM_TRY(add_ratings(*j.ratings, sum, n));
    models += (models.empty() ? "" : " + ") + j.model;
    out.samples.insert(out.samples.end(), j.samples.begin(), j.samples.end());
    judges.push_back(std::move(j));
  }
  if (judges.empty()) return refuse("all_failed", "no judge could read the record");
  out.votes_none = failed;
  out.model = models;
  if (sum.empty()) {
    count(judges, out);
    take_meaning(judges, out);
    return out;
  }
  out.ratings.emplace();
  for (std::size_t i = 0; i < sum.size(); ++i)
    out.ratings->push_back(n[i] > 0 ? std::optional(sum[i] / n[i]) : std::nullopt);
  compare_means(judges, out);
  return out;
}

}  // namespace rm::bench
