#include "lib/judge/stored.h"

#include <algorithm>
#include <utility>

#include "lib/base/hash.h"
#include "lib/base/rng.h"
#include "lib/judge/oddities.h"
#include "lib/judge/ranking.h"
#include "lib/judge/rating.h"
#include "lib/records/candidates.h"

namespace rm::judge {
namespace {

using records::Judgment;
using records::Sample;

constexpr std::int64_t kCloseTokens = 16;  // "A]]</answer>" and some room
constexpr std::string_view kThoughtEnd = "</think>", kAnswerBegin = "<answer>[[";

bool unparsed(const Sample& s) { return s.answer ? !s.rating : !s.verdict; }

// What a judgment is about, as the record says it.
struct Subject {
  std::optional<records::Pair> pair;
  std::optional<records::Candidates> many;

  static Result<Subject> read(const json::Value& record, const records::FieldMap& map, const Judgment& j) {
    Subject out;
    if (j.ratings) {
      RM_ASSIGN(out.many, records::read_answers(record, map));
      if (auto p = records::read_pair(record, map)) out.pair = *std::move(p);
    } else if (j.ranking) {
      RM_ASSIGN(out.many, records::read_candidates(record, map));
    } else {
      RM_ASSIGN(out.pair, records::read_pair(record, map));
    }
    RM_TRY(out.check(j));
    return out;
  }

  // Samples must name answers that are there.
  Result<void> check(const Judgment& j) const {
    const auto n = static_cast<std::int64_t>(many ? many->responses.size() : 2);
    for (const Sample& s : j.samples) {
      const bool fits = j.ratings   ? s.answer && *s.answer < n
                        : j.ranking ? s.pair && (*s.pair)[0] < n && (*s.pair)[1] < n && (*s.pair)[0] != (*s.pair)[1]
                                    : true;
      if (!fits) {
        return make_error(Exit::kInput, "bad_judgment",
                          "the stored judgment speaks of answers that the record does not have");
      }
    }
    return {};
  }

  void count(Judgment& j) const {
    if (j.ratings) return count_ratings(j, many->responses.size(), pair ? &*pair : nullptr);
    if (j.ranking) return count_ranking(j, *many);
    count_votes(*pair, j);
  }

  std::vector<std::string> warnings() const { return many ? oddities(*many) : oddities(*pair); }

  std::vector<text::Message> messages(const Sample& s, const PromptSet& prompts, const Settings& settings) const {
    if (s.answer) {
      const Scale scale = settings.rate.value_or(Scale{});
      const auto& answer = many->responses[static_cast<std::size_t>(*s.answer)];
      return prompts.rating_messages(many->prompt, answer, scale.low, scale.high, settings.form);
    }
    if (!s.pair) return prompts.messages(*pair, s.swapped, settings.form);
    const auto [first, second] = *s.pair;
    return prompts.messages(many->pair(static_cast<std::size_t>(first), static_cast<std::size_t>(second)), s.swapped,
                            settings.form);
  }
};

class RetryJob final : public Job {
 public:
  RetryJob(Subject subject, Judgment stored, const PromptSet& prompts, const Settings& s)
      : subject_(std::move(subject)), judgment_(std::move(stored)), settings_(s) {
    for (std::size_t i = 0; i < judgment_.samples.size(); ++i) {
      if (!unparsed(judgment_.samples[i])) continue;
      requests_.push_back(request(i, prompts));
      ++missing_;
    }
  }

  std::vector<generate::Request> next() override {
    for (generate::Request& r : requests_) {
      if (on_text) r.on_text = [this, id = r.id](std::string_view text) { on_text(id, text); };
    }
    return std::exchange(requests_, {});
  }
  void take(generate::Reply reply) override {
    if (reply.id >= judgment_.samples.size()) return;
    Sample& old = judgment_.samples[reply.id];
    Ask ask;
    ask.swapped = old.swapped;
    ask.pair = old.pair;
    ask.answer = old.answer;
    Sample fresh = sample_of(ask, reply, settings_);
    fresh.closed = closes(old);
    if (fresh.closed) {
      fresh.prompt_tokens = old.prompt_tokens;
      fresh.completion_tokens += old.completion_tokens;
    }
    if (fresh.reason != "error") old = std::move(fresh);  // a failed attempt leaves what was there
    if (--missing_ == 0) subject_.count(judgment_);
  }
  bool done() const override { return missing_ == 0; }
  const Judgment& judgment() const override { return judgment_; }
  const Sample& sample(std::uint64_t request) const override { return judgment_.samples[request]; }
  void name_model(const std::string&) override {}  // the stored one stays
  std::vector<std::string> warnings() const override { return subject_.warnings(); }

 private:
  static bool closes(const Sample& s) { return s.reason == "length" || s.reason == "no_verdict"; }

  generate::Request request(std::size_t i, const PromptSet& prompts) const {
    const Sample& s = judgment_.samples[i];
    generate::Request r;
    r.id = i;
    r.messages = subject_.messages(s, prompts, settings_);
    r.top_p = settings_.top_p;
    r.logprobs = settings_.logprobs && !s.answer;
    r.seed = derive_seed(settings_.seed, hash64(s.text), i);
    if (closes(s)) {
      r.prefill = s.reasoning.empty() ? s.text : "<think>\n" + s.reasoning;
      r.prefill += forced_close(r.prefill, s.reasoning, settings_.form == Form::kPlain);
      r.max_tokens = kCloseTokens;
    } else {
      r.temperature = settings_.temperature > 0 ? settings_.temperature : 1;
      r.max_tokens = settings_.max_tokens;
    }
    return r;
  }

  Subject subject_;
  Judgment judgment_;
  Settings settings_;
  std::vector<generate::Request> requests_;
  std::size_t missing_ = 0;
};

}  // namespace

bool has_unparsed(const Judgment& j) { return std::ranges::any_of(j.samples, unparsed); }

std::string forced_close(std::string_view text, std::string_view reasoning, bool plain) {
  const bool thinking =
      text.find(kThoughtEnd) == text.npos && (plain || !reasoning.empty() || text.find("<think>") != text.npos);
  std::string out = text.ends_with('\n') ? "" : "\n";
  if (thinking) out += std::string(kThoughtEnd) + "\n\n";
  return out += kAnswerBegin;
}

Result<Reread> reparse(const json::Value& record, const records::FieldMap& map, Judgment stored, const Settings& s) {
  RM_ASSIGN(const Subject subject, Subject::read(record, map, stored));
  for (Sample& sample : stored.samples) {
    if (stored.ratings) {
      if (s.rate) read_rated_sample(sample, *s.rate);
      continue;
    }
    const std::optional<char> before = sample.verdict;
    read_sample(sample, s.verdict);
    if (!sample.verdict || sample.verdict != before) sample.p_a.reset();
  }
  subject.count(stored);
  return Reread{std::move(stored), subject.warnings()};
}

Result<std::unique_ptr<Job>> retry_job(const json::Value& record, const records::FieldMap& map, Judgment stored,
                                       const PromptSet& prompts, const Settings& s) {
  RM_ASSIGN(Subject subject, Subject::read(record, map, stored));
  RM_ASSIGN(const std::optional<records::Rubric> rubric, rubric_for(record, s));
  if (subject.pair) subject.pair->rubric = rubric;
  if (subject.many) subject.many->rubric = rubric;
  if (subject.pair && !stored.ratings) RM_TRY(prompts.can_show(*subject.pair, s.form));
  if (stored.ratings && !s.rate) {
    return make_error(Exit::kInput, "no_scale",
                      "the record was rated; give the scale it was rated on, as in --rate 1-10, to ask again");
  }
  Settings own = s;
  if (!stored.ratings) own.rate.reset();
  return std::unique_ptr<Job>(std::make_unique<RetryJob>(std::move(subject), std::move(stored), prompts, own));
}

}  // namespace rm::judge
