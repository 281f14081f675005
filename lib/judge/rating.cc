#include "lib/judge/rating.h"

#include <charconv>

#include "lib/base/number.h"
#include "lib/base/rng.h"
#include "lib/judge/visible.h"
#include "lib/rubric/rubric.h"

namespace rm::judge {
namespace {

using records::Judgment;
using records::Sample;

constexpr int kHighest = 1000;
constexpr std::uint64_t kRatingStream = 0x72617465;  // "rate": keeps these seeds apart from a pair's

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::uint64_t answer_hash(const records::Candidates& c, std::size_t answer) {
  records::Pair p;
  p.prompt = c.prompt;
  p.answer[0] = c.responses[answer];
  return content_hash(p);
}

// The higher mean wins; no verdict where either is missing.
void count_pair(Judgment& j, const records::Pair& p) {
  j.verdict.reset();
  j.preferred.reset();
  j.correct.reset();
  const auto &first = (*j.ratings)[0], &second = (*j.ratings)[1];
  char winner = 0;
  if (first && second) winner = *first == *second ? 't' : *first > *second ? 'A' : 'B';
  const bool named = p.naming == records::Naming::kChosenRejected;
  if (winner == 't') {
    j.verdict = j.preferred = "tie";
  } else if (winner != 0) {
    j.verdict = std::string(1, winner);
    j.preferred = winner == 'A' ? (named ? "chosen" : "a") : (named ? "rejected" : "b");
  }
  if (p.label && *p.label != records::Label::kTie)
    j.correct = winner == (*p.label == records::Label::kFirst ? 'A' : 'B');
}

}  // namespace

std::optional<Scale> parse_scale(std::string_view flag) {
  const std::size_t dash = flag.find('-');
  if (dash == flag.npos) return std::nullopt;
  const auto low = parse_int(flag.substr(0, dash)), high = parse_int(flag.substr(dash + 1));
  if (!low || !high || *low < 0 || *high > kHighest || *low >= *high) return std::nullopt;
  return Scale{static_cast<int>(*low), static_cast<int>(*high)};
}

Rating read_rating(std::string_view trace, Scale scale) {
  const auto counts = [&](std::string_view text) {
    const auto value = number(text);
    return value && *value >= scale.low && *value <= scale.high;
  };
  Rating out;
  for (const AnswerBlock& b : answer_blocks(trace, counts)) {
    const auto value = number(b.content);
    if (out.value && *out.value != *value) return {std::nullopt, NoVerdict::kConflict};
    out.value = value;
  }
  return out;
}

Result<std::vector<Ask>> plan_ratings(const records::Candidates& c, const PromptSet& prompts, const Settings& s) {
  const Scale scale = s.rate.value_or(Scale{});
  std::vector<Ask> asks;
  for (std::size_t answer = 0; answer < c.responses.size(); ++answer) {
    const std::uint64_t seed = derive_seed(s.seed, answer_hash(c, answer), kRatingStream);
    for (int sample = 0; sample < s.samples; ++sample) {
      Ask ask;
      ask.answer = static_cast<std::int64_t>(answer);
      ask.request.id = asks.size();
      ask.request.messages = prompts.rating_messages(c.prompt, c.responses[answer], scale.low, scale.high, s.form);
      ask.request.temperature = s.temperature;
      ask.request.top_p = s.top_p;
      ask.request.max_tokens = s.max_tokens;
      ask.request.seed = derive_seed(seed, static_cast<std::uint64_t>(sample));
      asks.push_back(std::move(ask));
    }
  }
  return asks;
}

void read_rated_sample(Sample& sample, Scale scale) {
  sample.type = rubric::read_rubric(sample.text).type;
  sample.rating.reset();
  if (sample.reason == "error") return;
  const Rating r = read_rating(sample.text, scale);
  sample.rating = r.value;
  sample.reason = r.value                            ? "ok"
                  : r.why == NoVerdict::kConflict    ? "conflict"
                  : sample.finish_reason == "length" ? "length"
                                                     : "no_verdict";
}

void count_ratings(Judgment& j, std::size_t answers, const records::Pair* pair) {
  std::vector<double> sums(answers);
  std::vector<int> counts(answers);
  for (const Sample& s : j.samples) {
    const auto i = static_cast<std::size_t>(s.answer.value_or(-1));
    if (i >= answers || !s.rating) continue;
    sums[i] += *s.rating;
    ++counts[i];
  }
  j.ratings.emplace(answers);
  for (std::size_t i = 0; i < answers; ++i) {
    if (counts[i] > 0) (*j.ratings)[i] = sums[i] / counts[i];
  }
  if (pair != nullptr && answers == 2) count_pair(j, *pair);
}

}  // namespace rm::judge
