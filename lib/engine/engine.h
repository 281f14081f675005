// The TokenEngine: scheduler, pages and sampler around a StepModel.
//
// Promises about events: the tokens of a sequence come in order, each once, whatever was put back and computed again;
// its last event has `finish` and nothing follows it. A stop token ends the reply in an event of its own without a
// token; the last token of a reply cut by length carries kLength, the last forced one kStop. Within a step, events are
// in the order of admission. A cancelled sequence gets exactly one more event at the next step(), kCancelled, without
// running the model. Guessed tokens (draft.h) change when tokens come, never which. step() works until there is an event
// to return; between forward steps it looks for a stop request and then returns what it has, perhaps nothing, with every
// sequence still alive. One forward step is kept near a second on a CPU. One thread. Owns the model.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/engine/memory.h"
#include "lib/engine/scheduler.h"
#include "lib/generate/token_engine.h"
#include "lib/model/step.h"

namespace rm::engine {

class Engine : public generate::TokenEngine {
 public:
  // Allocates the model's cache by `plan`. `o` gives the mode; batch and context come from the plan.
  static Result<std::unique_ptr<Engine>> make(std::unique_ptr<model::StepModel> model, const CachePlan& plan,
                                              const generate::EngineOptions& o);

  generate::EngineInfo info() const override;
  generate::EngineStats stats() const override;
  Result<void> submit(generate::TokenRequest r) override;
  Result<void> cancel(generate::SequenceId id) override;
  std::size_t alive() const override { return sequences_.size() + cancelled_.size(); }
  Result<std::vector<generate::TokenEvent>> step() override;

  const PagePool& pool() const { return pool_; }
  const Scheduler& scheduler() const { return scheduler_; }

 private:
  using Events = std::vector<generate::TokenEvent>;

  Engine(std::unique_ptr<model::StepModel> model, const CachePlan& plan, const generate::EngineOptions& o);
  Result<void> check(const generate::TokenRequest& r) const;
  Result<void> run(std::span<const Work> work, int pad_rows, Events& events);
  Result<void> run_in_parts(std::span<const Work> work, const Error& why, Events& events);
  void count(std::span<const Work> work);
  Result<void> take_rows(std::span<const Work> work, std::span<const float> logits, Events& events);
  Result<void> take_draft(const Work& w, std::span<const float> logits, Events& events);
  // True when the sequence ended; it is gone then.
  Result<bool> emit(Sequence& s, std::span<const float> row, Events& events);
  void finish(Sequence& s);

  std::unique_ptr<model::StepModel> model_;
  CachePlan plan_;
  bool deterministic_;
  PagePool pool_;
  Scheduler scheduler_;
  std::unordered_map<generate::SequenceId, std::unique_ptr<Sequence>> sequences_;
  std::vector<generate::SequenceId> cancelled_;
  std::uint64_t next_serial_ = 1;
  std::vector<model::Span> spans_;
  generate::EngineStats stats_;
};

}  // namespace rm::engine
