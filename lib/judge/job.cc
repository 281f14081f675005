#include "lib/judge/job.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "lib/judge/oddities.h"
#include "lib/judge/ranking.h"
#include "lib/judge/rating.h"
#include "lib/records/splice.h"

namespace rm::judge {
namespace {

using generate::Reply;
using generate::Request;
using records::Judgment;

// What the kinds of jobs share: requests that are sent once, samples that are filled in as replies come.
class SampledJob : public Job {
 public:
  explicit SampledJob(Judgment begun, const Settings& s) : judgment_(std::move(begun)), settings_(s) {}

  std::vector<Request> next() override {
    std::vector<Request> out;
    for (; sent_ < asks_.size(); ++sent_) {
      Request r = std::exchange(asks_[sent_].request, {});
      if (on_text) r.on_text = [this, id = r.id](std::string_view text) { on_text(id, text); };
      out.push_back(std::move(r));
    }
    return out;
  }
  void take(Reply reply) override {
    if (reply.id >= asks_.size()) return;
    judgment_.samples[reply.id] = sample_of(asks_[reply.id], reply, settings_);
    if (reply.error) error_ = std::move(reply.error);
    if (--missing_ > 0) return;
    const bool nothing = std::ranges::all_of(judgment_.samples, [](const auto& s) { return s.reason == "error"; });
    if (nothing && error_) {
      failed = error_;
    } else {
      complete();
    }
  }
  bool done() const override { return finished_; }
  const Judgment& judgment() const override { return judgment_; }
  const records::Sample& sample(std::uint64_t request) const override { return judgment_.samples[request]; }
  void name_model(const std::string& name) override {
    if (judgment_.model.empty()) judgment_.model = name;
  }
  std::vector<std::string> warnings() const override { return warnings_; }

 protected:
  virtual void complete() = 0;  // every request so far has its reply

  void add(std::vector<Ask> asks) {
    missing_ += asks.size();
    for (const Ask& a : asks) {
      records::Sample& s = judgment_.samples.emplace_back();
      s.swapped = a.swapped;
      s.pair = a.pair;
      s.answer = a.answer;
    }
    std::ranges::move(asks, std::back_inserter(asks_));
  }
  void finish() { finished_ = true; }

  Judgment judgment_;
  Settings settings_;
  std::vector<std::string> warnings_;

 private:
  std::vector<Ask> asks_;  // by request id
  std::size_t sent_ = 0, missing_ = 0;
  std::optional<Error> error_;  // of the last request that failed
  bool finished_ = false;
};

class PairJob final : public SampledJob {
 public:
  PairJob(records::Pair pair, std::vector<Ask> asks, Judgment begun, const Settings& s)
      : SampledJob(std::move(begun), s), pair_(std::move(pair)) {
    warnings_ = oddities(pair_);
    add(std::move(asks));
  }

 private:
  void complete() override {
    count_votes(pair_, judgment_);
    finish();
  }
  records::Pair pair_;
};

class RatingJob final : public SampledJob {
 public:
  RatingJob(records::Candidates c, std::optional<records::Pair> pair, std::vector<Ask> asks, Judgment begun,
            const Settings& s)
      : SampledJob(std::move(begun), s), answers_(c.responses.size()), pair_(std::move(pair)) {
    warnings_ = oddities(c);
    add(std::move(asks));
  }

 private:
  void complete() override {
    count_ratings(judgment_, answers_, pair_ ? &*pair_ : nullptr);
    finish();
  }
  std::size_t answers_;
  std::optional<records::Pair> pair_;
};

// Matches of a schedule, as many at once as it allows.
class RankingJob final : public SampledJob {
 public:
  RankingJob(records::Candidates c, const PromptSet& prompts, Judgment begun, const Settings& s)
      : SampledJob(std::move(begun), s),
        candidates_(std::move(c)),
        prompts_(prompts),
        schedule_(candidates_.responses.size(), matches_within(s.budget, s),
                  s.seed ^ content_hash(candidates_.pair(0, 1))) {
    warnings_ = oddities(candidates_);
  }

  Result<void> begin() { return plan_more(); }
  bool done() const override { return over_ && SampledJob::done(); }
  bool plans_all() const override {
    return Schedule::complete(candidates_.responses.size(), matches_within(settings_.budget, settings_));
  }

 private:
  struct Playing {
    Match match;
    std::size_t first = 0, count = 0;  // of its samples
  };

  Result<void> plan_more() {
    for (const Match& m : schedule_.next()) {
      const std::size_t first = judgment_.samples.size();
      RM_ASSIGN(std::vector<Ask> asks, plan_match(candidates_, m, prompts_, settings_, first));
      playing_.push_back({m, first, asks.size()});
      add(std::move(asks));
    }
    return {};
  }

  void complete() override {
    for (const Playing& p : std::exchange(playing_, {})) {
      const auto begin = judgment_.samples.begin() + static_cast<std::ptrdiff_t>(p.first);
      schedule_.result(p.match, outcome({begin, begin + static_cast<std::ptrdiff_t>(p.count)}));
    }
    if (auto more = plan_more(); !more) failed = more.error();
    if (!playing_.empty() && !failed) return;
    over_ = true;
    count_ranking(judgment_, candidates_);
    finish();
  }

  records::Candidates candidates_;
  PromptSet prompts_;
  Schedule schedule_;
  std::vector<Playing> playing_;
  bool over_ = false;
};

}  // namespace

Result<std::unique_ptr<Job>> make_job(const json::Value& record, const records::FieldMap& map, const PromptSet& prompts,
                                      const Settings& s) {
  if (s.rate) {
    RM_ASSIGN(records::Candidates c, records::read_answers(record, map));
    std::optional<records::Pair> pair;
    if (auto p = records::read_pair(record, map)) pair = *std::move(p);
    RM_ASSIGN(std::vector<Ask> asks, plan_ratings(c, prompts, s));
    return std::unique_ptr<Job>(std::make_unique<RatingJob>(std::move(c), std::move(pair), std::move(asks),
                                                            begin_judgment(prompts.rating_id(s.form), s), s));
  }
  if (records::is_ranking(record, map)) {
    RM_ASSIGN(records::Candidates c, records::read_candidates(record, map));
    RM_ASSIGN(c.rubric, rubric_for(record, s));
    auto job = std::make_unique<RankingJob>(std::move(c), prompts, begin_judgment(prompts.id(s.form, s.rubric), s), s);
    RM_TRY(job->begin());
    return std::unique_ptr<Job>(std::move(job));
  }
  RM_ASSIGN(records::Pair pair, records::read_pair(record, map));
  RM_ASSIGN(pair.rubric, rubric_for(record, s));
  return pair_job(std::move(pair), prompts, s);
}

Result<std::unique_ptr<Job>> pair_job(records::Pair pair, const PromptSet& prompts, const Settings& s) {
  RM_ASSIGN(std::vector<Ask> asks, plan(pair, prompts, s));
  Judgment begun = begin_judgment(pair.rendered ? "record" : prompts.id(s.form, s.rubric), s);
  return std::unique_ptr<Job>(std::make_unique<PairJob>(std::move(pair), std::move(asks), std::move(begun), s));
}

std::vector<std::optional<double>> rewards(const Judgment& j, const Settings& s) {
  std::vector<std::optional<double>> out;
  if (j.ratings) {
    const Scale scale = s.rate.value_or(Scale{});
    for (const auto& r : *j.ratings)
      out.push_back(r ? std::optional((*r - scale.low) / (scale.high - scale.low)) : std::nullopt);
    return out;
  }
  if (j.ranking) {
    const std::vector<double>& scores = j.ranking->scores;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < scores.size(); ++k)
        if (k != i) sum += 1 / (1 + std::exp(scores[k] - scores[i]));
      out.emplace_back(sum / static_cast<double>(std::max<std::size_t>(1, scores.size() - 1)));
    }
    return out;
  }
  const auto first = outcome(j.samples);
  out = {first, first ? std::optional(1 - *first) : std::nullopt};
  return out;
}

std::string judged_record(std::string_view line, const Judgment& j, std::span<const std::string> warnings,
                          std::optional<std::span<const std::optional<double>>> rewards) {
  std::vector<records::Field> fields(1);
  fields[0].name = "judgment";
  json::Writer judgment(fields[0].json);
  records::write_judgment(judgment, j);
  if (rewards) {
    json::Writer w(fields.emplace_back(records::Field{"rewards", {}}).json);
    w.begin_array();
    for (const auto& r : *rewards) r ? w.value(*r) : w.null();
    w.end_array();
  }
  if (!warnings.empty()) {
    json::Writer w(fields.emplace_back(records::Field{"warnings", {}}).json);
    w.begin_array();
    for (const std::string& word : warnings) w.value(std::string_view(word));
    w.end_array();
  }
  constexpr std::array<std::string_view, 2> kStale = {"warnings", "error"};
  return records::splice(line, fields, kStale);
}

}  // namespace rm::judge
