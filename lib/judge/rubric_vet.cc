#include "lib/judge/rubric_vet.h"

#include <utility>

#include "lib/judge/ranking.h"

namespace rm::judge {
namespace {

// How far the samples support the label: its share of the votes, or with logprobs the mean P(label). Empty without a vote.
std::optional<double> support(const records::Judgment& j, bool first_wins) {
  const auto first = outcome(j.samples);
  if (!first) return std::nullopt;
  return first_wins ? *first : 1 - *first;
}

}  // namespace

Result<std::unique_ptr<VetTask>> VetTask::make(const json::Value& record, const records::FieldMap& map,
                                               const PromptSet& prompts, const VetSettings& s) {
  RM_ASSIGN(records::Pair pair, records::read_pair(record, map));
  if (!pair.label || *pair.label == records::Label::kTie) {
    return make_error(
        Exit::kInput, "no_label",
        "the record does not say which answer is better: there is no label that its rubric could reproduce");
  }
  const bool first_wins = *pair.label == records::Label::kFirst;
  std::array<std::unique_ptr<Job>, 2> jobs;
  for (const bool with : {true, false}) {
    Settings own = s.judge;
    own.rubric = with;
    records::Pair p = pair;
    RM_ASSIGN(p.rubric, rubric_for(record, own));
    RM_ASSIGN(jobs[with ? 0 : 1], pair_job(std::move(p), prompts, own));
  }
  return std::unique_ptr<VetTask>(new VetTask(std::move(jobs), first_wins, s));
}

std::vector<generate::Request> VetTask::next() {
  std::vector<generate::Request> out;
  for (std::uint64_t k = 0; k < jobs_.size(); ++k) {
    for (generate::Request& r : jobs_[k]->next()) {
      r.id = 2 * r.id + k;
      out.push_back(std::move(r));
    }
  }
  return out;
}

void VetTask::take(generate::Reply reply) {
  Job& job = *jobs_[reply.id % 2];
  reply.id /= 2;
  job.take(std::move(reply));
  if (job.failed && !failed) failed = job.failed;
}

void VetTask::name_model(const std::string& name) {
  for (const auto& job : jobs_) job->name_model(name);
}

records::Vet VetTask::vet() const {
  records::Vet v;
  v.with = jobs_[0]->judgment();
  v.without = jobs_[1]->judgment();
  const auto with = support(v.with, first_wins_), without = support(v.without, first_wins_);
  if (with && without) v.gain = *with - *without;
  if (!v.with.verdict || (both_orders_ && !v.with.consistent)) {
    v.reason = "no_verdict";
  } else if (both_orders_ && !*v.with.consistent) {
    v.reason = "order";
  } else if (!v.with.correct.value_or(false)) {
    v.reason = "wrong";
  } else if (contrast_ && without && *v.gain <= 0) {
    v.reason = "no_gain";
  }
  v.kept = v.reason == "kept";
  return v;
}

}  // namespace rm::judge
