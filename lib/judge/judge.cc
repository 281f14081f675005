#include "lib/judge/judge.h"

#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "lib/base/hash.h"
#include "lib/base/rng.h"
#include "lib/judge/rating.h"
#include "lib/rubric/rubric.h"

namespace rm::judge {
namespace {

using records::Judgment;
using records::Sample;

constexpr std::uint64_t kOrderStream = 0x6f72646572;  // "order": keeps the order's hash apart from the samples' seeds

// P(A) against P(B) from their log-probabilities: exp(a) / (exp(a) + exp(b)).
std::optional<double> share_of_a(const generate::LetterProb& l) {
  const double p = 1 / (1 + std::exp(l.logprob_b - l.logprob_a));
  return std::isfinite(p) ? std::optional(p) : std::nullopt;
}

// The letter a sample chose in the ab frame.
char undo_order(const Sample& s) { return (*s.verdict == 'A') != s.swapped ? 'A' : 'B'; }

struct Votes {
  std::int64_t a = 0, b = 0;
  std::int64_t valid() const { return a + b; }
  // 'A', 'B', 't' for equal, 0 without votes
  char winner() const { return valid() == 0 ? 0 : a == b ? 't' : a > b ? 'A' : 'B'; }
};

std::optional<bool> consistency(const Votes (&order)[2], bool both_asked) {
  if (!both_asked || order[0].valid() == 0 || order[1].valid() == 0) return std::nullopt;
  const char first = order[0].winner();
  return first != 't' && first == order[1].winner();
}

std::optional<double> confidence(const Judgment& j, char winner, const Votes& votes) {
  if (winner == 0) return std::nullopt;
  double sum = 0;
  std::int64_t n = 0;
  for (const Sample& s : j.samples) {
    if (!s.verdict || !s.p_a) continue;
    const double p_first = s.swapped ? 1 - *s.p_a : *s.p_a;
    sum += winner == 'B' ? 1 - p_first : p_first;
    ++n;
  }
  if (winner == 't') return 0.5;
  if (n > 0) return sum / static_cast<double>(n);
  if (j.samples.size() < 2) return std::nullopt;
  return static_cast<double>(winner == 'A' ? votes.a : votes.b) / static_cast<double>(votes.valid());
}

}  // namespace

std::optional<std::size_t> read_sample(Sample& sample, VerdictMode mode) {
  sample.type = rubric::read_rubric(sample.text).type;
  sample.verdict.reset();
  if (sample.reason == "error") return std::nullopt;
  const Verdict v = read_verdict(sample.text, mode);
  if (v.side) {
    sample.verdict = *v.side == Side::kA ? 'A' : 'B';
    sample.reason = "ok";
    return v.letter_byte;
  }
  sample.reason = v.why == NoVerdict::kConflict      ? "conflict"
                  : sample.finish_reason == "length" ? "length"
                                                     : "no_verdict";
  return std::nullopt;
}

void count_votes(const records::Pair& p, Judgment& j) {
  Votes votes, order[2];
  bool asked[2] = {false, false};
  j.votes_none = 0;
  for (const Sample& s : j.samples) {
    asked[s.swapped ? 1 : 0] = true;
    if (!s.verdict) {
      ++j.votes_none;
      continue;
    }
    Votes& own = order[s.swapped ? 1 : 0];
    const bool a = undo_order(s) == 'A';
    ++(a ? votes.a : votes.b);
    ++(a ? own.a : own.b);
  }
  j.votes_a = votes.a;
  j.votes_b = votes.b;
  j.consistent = consistency(order, asked[0] && asked[1]);

  const char winner = votes.winner();
  j.confidence = confidence(j, winner, votes);
  j.verdict.reset();
  j.preferred.reset();
  if (winner == 't') {
    j.verdict = j.preferred = "tie";
  } else if (winner != 0) {
    j.verdict = std::string(1, winner);
    const bool first = winner == 'A';
    if (p.naming == records::Naming::kChosenRejected) {
      j.preferred = first ? "chosen" : "rejected";
    } else {
      j.preferred = first ? "a" : "b";
    }
  }
  j.correct.reset();
  if (p.label && *p.label != records::Label::kTie)
    j.correct = winner == (*p.label == records::Label::kFirst ? 'A' : 'B');
}

Sample sample_of(const Ask& ask, const generate::Reply& reply, const Settings& s) {
  Sample out;
  out.swapped = ask.swapped;
  out.pair = ask.pair;
  out.answer = ask.answer;
  out.text = reply.text;
  out.reasoning = reply.reasoning;
  out.finish_reason = generate::name(reply.finish);
  out.prompt_tokens = reply.prompt_tokens;
  out.completion_tokens = reply.completion_tokens;
  const bool failed = reply.error || reply.finish == generate::FinishReason::kError ||
                      reply.finish == generate::FinishReason::kCancelled;
  if (failed) out.reason = "error";
  if (s.rate) {
    read_rated_sample(out, *s.rate);
    return out;
  }
  const auto letter = read_sample(out, s.verdict);
  if (s.logprobs && letter) {
    for (const generate::LetterProb& l : reply.letters) {
      if (l.byte == *letter) out.p_a = share_of_a(l);
    }
  }
  return out;
}

Result<std::optional<records::Rubric>> rubric_for(const json::Value& record, const Settings& s) {
  if (!s.rubric) return std::optional<records::Rubric>();
  RM_ASSIGN(records::Rubric r, records::rubric_of(record));
  if (r.usable()) return std::optional(std::move(r));
  return make_error(Exit::kInput, "no_rubric",
                    "the record's \"rubric\" has neither criteria nor a solution: there is nothing to judge by");
}

std::uint64_t content_hash(const records::Pair& p) {
  ContentHash h;
  for (const std::vector<text::Message>* part : {&p.prompt, &p.answer[0], &p.answer[1]}) {
    h.add(static_cast<std::uint64_t>(part->size()));
    for (const text::Message& m : *part) h.add(m.role).add(m.content);
  }
  return h.digest();
}

bool swapped_order(const records::Pair& p, const Settings& s) {
  if (p.rendered || (p.naming == records::Naming::kAnswers && !s.shuffle)) return false;
  return (derive_seed(s.seed, content_hash(p), kOrderStream) & 1) != 0;
}

Result<std::vector<Ask>> plan(const records::Pair& p, const PromptSet& prompts, const Settings& s) {
  if (p.rendered && (s.both_orders || s.shuffle)) {
    return make_error(
        Exit::kInput, "rendered_order",
        "the record holds a rendered prompt, whose order of answers is fixed; judge it without --both-orders "
        "and --shuffle");
  }
  if (p.rendered && s.rubric) {
    return make_error(Exit::kInput, "rendered_rubric",
                      "the record holds a rendered prompt, to which no rubric can be added; judge it without --rubric");
  }
  RM_TRY(prompts.can_show(p, s.form));
  const bool first = swapped_order(p, s);
  const std::uint64_t pair_seed = derive_seed(s.seed, content_hash(p));
  std::vector<Ask> asks;
  for (int sample = 0; sample < s.samples; ++sample) {
    for (int turn = 0; turn < (s.both_orders ? 2 : 1); ++turn) {
      Ask ask;
      ask.swapped = first != (turn == 1);
      ask.request.id = asks.size();
      ask.request.messages = prompts.messages(p, ask.swapped, s.form);
      ask.request.temperature = s.temperature;
      ask.request.top_p = s.top_p;
      ask.request.max_tokens = s.max_tokens;
      ask.request.logprobs = s.logprobs;
      ask.request.seed = derive_seed(pair_seed, static_cast<std::uint64_t>(sample), ask.swapped ? 1 : 0);
      asks.push_back(std::move(ask));
    }
  }
  return asks;
}

Judgment begin_judgment(const std::string& prompt_id, const Settings& s) {
  Judgment j;
  j.model = s.model;
  j.prompt_id = prompt_id;
  j.seed = s.seed;
  return j;
}

Judgment decide(const records::Pair& p, const std::vector<Ask>& asks, const std::vector<generate::Reply>& replies,
                const PromptSet& prompts, const Settings& s) {
  Judgment j = begin_judgment(p.rendered ? "record" : prompts.id(s.form, s.rubric), s);
  generate::Reply missing;
  missing.finish = generate::FinishReason::kError;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    j.samples.push_back(sample_of(asks[i], i < replies.size() ? replies[i] : missing, s));
  }
  count_votes(p, j);
  return j;
}

}  // namespace rm::judge
