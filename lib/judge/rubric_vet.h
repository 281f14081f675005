// Whether a rubric is worth keeping: the pair is judged by it and, for comparison, without it.
//
// The criterion is the consistency filter of OpenRubrics (T. Liu et al., 2025): a rubric stays only if judging
// by it reproduces the preference it was made for. Both judgments show the answers in the same orders and draw from the same
// seeds, so they differ by the rubric alone.
#pragma once

#include <array>
#include <memory>

#include "lib/generate/task.h"
#include "lib/judge/job.h"
#include "lib/records/vet.h"

namespace rm::judge {

struct VetSettings {
  Settings judge;         // `rubric` and the model's name are set here
  bool contrast = false;  // keep a rubric only where it also raises the support of the label
};

class VetTask final : public generate::Task {
 public:
  // Needs a pair with a winner and a rubric. Exit::kInput: "no_label", "no_rubric", "bad_rubric", and those of make_job().
  static Result<std::unique_ptr<VetTask>> make(const json::Value& record, const records::FieldMap& map,
                                               const PromptSet& prompts, const VetSettings& s);

  std::vector<generate::Request> next() override;
  void take(generate::Reply reply) override;
  bool done() const override { return jobs_[0]->done() && jobs_[1]->done(); }
  void name_model(const std::string& name) override;
  // Whose request it is and how its answers stand.
  bool with_rubric(std::uint64_t request) const { return request % 2 == 0; }
  const records::Sample& sample(std::uint64_t request) const { return jobs_[request % 2]->sample(request / 2); }
  records::Vet vet() const;  // once done()

 private:
  VetTask(std::array<std::unique_ptr<Job>, 2> jobs, bool first_wins, const VetSettings& s)
      : jobs_(std::move(jobs)), first_wins_(first_wins), both_orders_(s.judge.both_orders), contrast_(s.contrast) {}
  std::array<std::unique_ptr<Job>, 2> jobs_;  // with the rubric, without
  bool first_wins_, both_orders_, contrast_;
};

}  // namespace rm::judge
