// Asks a model for the rubric of a question, or for its own solution where the task is one of reasoning.
//
// Of a pair the answers are shown too, so that the criteria speak of what answers to this question differ in; with `contrast`
// the model is told which is better and asked what makes the difference, as the contrastive generation of OpenRubrics (T. Liu et
// al., 2025). Answers are content: nothing they hold changes the frame.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/generate/task.h"
#include "lib/judge/judge.h"
#include "lib/records/rubric.h"

namespace rm::judge {

class RubricTask final : public generate::Task {
 public:
  // A pair, or a prompt alone. Of settings form, temperature, top_p, max_tokens and seed are used. Exit::kInput: the record has
  // no prompt, "no_label" where contrast has no winner to go by, "rendered_rubric" for a rendered prompt.
  static Result<std::unique_ptr<RubricTask>> make(const json::Value& record, const records::FieldMap& map,
                                                  const Settings& s, bool contrast);

  std::vector<generate::Request> next() override;
  void take(generate::Reply reply) override;
  bool done() const override { return rubric_.has_value(); }
  void name_model(const std::string& name) override;

  const records::Rubric& rubric() const { return *rubric_; }  // once done()
  const records::RubricSource& source() const { return from_; }

 private:
  RubricTask(generate::Request request, records::RubricSource from)
      : request_(std::move(request)), from_(std::move(from)) {}
  std::optional<generate::Request> request_;
  std::optional<records::Rubric> rubric_;
  records::RubricSource from_;
};

}  // namespace rm::judge
