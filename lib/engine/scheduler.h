// Decides what the next forward step computes: which sequences, how many tokens of each, on which pages.
//
// Continuous batching: first come, first served; a token of every running reply and chunks of prompts in one step. A
// sequence is admitted when its known tokens fit in free pages; when replies outgrow the cache, the youngest goes back
// to the queue with its tokens kept and is computed again later. Nothing ever fails for lack of pages: the oldest
// always fits alone (the engine refuses longer ones). A prompt whose beginning another sequence is computing right now
// waits for it: full pages are shared, and of the page in which the two part it gets a copy, so that the samples of one prompt
// compute it once.
//
// Deterministic mode: what is computed together never depends on the load. Prompts go one sequence at a time in chunks
// at absolute multiples of `chunk`, replies in groups of `group` padded rows; prefixes are shared in whole chunks only;
// a sequence put back recomputes its prompt by chunks and its reply row by row, as it was computed first.
//
// Where the model's rows do not depend on each other, a reply's step may hold guesses at its next tokens (draft.h) in either
// mode. They take pages that nobody misses and are never published before they have come true.
//
// One thread. Sequences belong to the caller and outlive their stay.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "lib/engine/draft.h"
#include "lib/engine/pages.h"
#include "lib/engine/sequence.h"

namespace rm::engine {

struct SchedulerOptions {
  int batch = 32;                  // most sequences running at once
  std::int64_t step_tokens = 256;  // most tokens of one step
  std::int64_t logit_rows = 128;   // most rows of logits that one step wants for forced replies
  std::int64_t chunk = 0;          // > 0: deterministic mode; a multiple of the page
  int group = 16;                  // deterministic mode: rows of a decode step
  int draft = 0;                   // most guessed tokens of one sequence in a step
  bool copies = true;              // a beginning that ends within a page is copied from a running sequence that has it
};

// Some tokens of one sequence, from position Sequence::computed on.
struct Work {
  Sequence* sequence = nullptr;
  std::int64_t count = 0;
  bool logits = false;       // of the last token
  bool all_logits = false;   // of every token
  std::int64_t drafted = 0;  // the last of them are guesses: Sequence::guessed; all_logits is set
};

struct Plan {
  struct Copy {
    Page from = -1, to = -1;
  };
  std::vector<Copy> copies;  // before the work
  std::vector<Work> work;
  int pad_rows = 0;  // deterministic mode: the rows of this step's matrices
};

class Scheduler {
 public:
  Scheduler(SchedulerOptions o, PagePool& pool) : o_(o), pool_(pool), drafter_(o.draft) {}

  void add(Sequence& s);     // serial must be set and new
  void remove(Sequence& s);  // finished or cancelled: gives its pages back
  // Empty only when nothing waits or runs. The pages of the work are held; the caller runs it and calls advance().
  Plan next();
  // The work has been computed: moves on, lets others find the full pages. Of guesses, as many as `accepted` came true.
  void advance(const Work& w, std::int64_t accepted = 0);
  // The machine could not hold a step of this size: smaller ones from now on.
  void shrink();

  std::size_t running() const { return running_.size(); }
  std::size_t waiting() const { return waiting_.size(); }
  std::int64_t shared_tokens() const { return shared_tokens_; }  // positions taken from the prefix cache
  std::int64_t preempted() const { return preempted_; }          // times a sequence was put back
  const SchedulerOptions& options() const { return o_; }

 private:
  enum class Admission { kAdmitted, kWait, kFull };
  void admit();
  Admission try_admit(Sequence& s);
  bool being_computed(const Sequence& s, std::int64_t have) const;
  void copy_beginning(Sequence& s);
  bool ensure_page(Sequence& s);
  void put_back(Sequence& s);
  Plan next_mixed();
  Plan next_fixed();
  bool chunk_of(Sequence& s, std::int64_t budget, std::int64_t rows, Work& w) const;
  std::int64_t draft(Plan& plan, std::int64_t rows);
  std::int64_t free_positions(Sequence& s, std::int64_t wanted);
  std::int64_t most_shared(const Sequence& s) const;
  std::int64_t shareable(const Sequence& s) const;
  std::int64_t prefill_end(const Sequence& s) const;
  std::int64_t grain() const { return o_.chunk > 0 ? o_.chunk : pool_.page_tokens(); }
  std::int64_t pages_for(std::int64_t tokens) const { return (tokens + pool_.page_tokens() - 1) / pool_.page_tokens(); }

  SchedulerOptions o_;
  PagePool& pool_;
  Drafter drafter_;
  std::map<std::uint64_t, Sequence*> waiting_;  // by serial
  std::vector<Sequence*> running_;              // oldest admission first
  std::vector<Plan::Copy> copies_;              // of the sequences admitted for the next step
  std::uint64_t clock_ = 0;
  std::int64_t shared_tokens_ = 0, preempted_ = 0;
};

}  // namespace rm::engine
