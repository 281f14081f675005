// From a pair and replies to a judgment: which requests to make, and what their traces amount to.
//
// Knows no files, no engine and no threads: plan() says what to ask, decide() says what came of it. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/generate/generator.h"
#include "lib/judge/prompt.h"
#include "lib/judge/verdict.h"
#include "lib/records/judgment.h"
#include "lib/records/pair.h"

namespace rm::judge {

struct Scale {  // --rate LOW-HIGH
  int low = 1, high = 10;
};

struct Settings {
  Form form = Form::kCor;
  VerdictMode verdict = VerdictMode::kStrict;
  int samples = 1;
  bool both_orders = false;
  bool shuffle = false;  // also choose the order of answer_a/answer_b by hash
  double temperature = 0, top_p = 1;
  std::int64_t max_tokens = 0;
  bool logprobs = false;
  bool rubric = false;        // by the record's own rubric (--rubric record)
  std::optional<Scale> rate;  // rate every answer on its own instead of comparing
  std::int64_t budget = 0;    // ranking more than two answers: most calls a record; 0: every pair once
  std::uint64_t seed = 0;
  std::string model;
};

// Gives a pair or candidates the record's rubric where settings ask for it. Exit::kInput: "no_rubric" where there is none to go
// by, "bad_rubric", "rendered_rubric" for a prompt that is already rendered.
Result<std::optional<records::Rubric>> rubric_for(const json::Value& record, const Settings& s);

// A hash of what the pair says: prompt and both answers, roles and texts, in the record frame; not its rubric. The same in any file, shape,
// shard or run.
std::uint64_t content_hash(const records::Pair& p);

// Whether the first sample shows answer[1] as A: chosen/rejected by a hash of prompt, texts and seed (the same in any file,
// shard or run); answers as given unless `shuffle`.
bool swapped_order(const records::Pair& p, const Settings& s);

// One request for each sample (and order), ids 0..n-1, seeds from (settings.seed, pair content, sample, order).
// With both_orders each sample is asked twice, the second time the other way round.
// Errors: "rendered_order" for --both-orders or --shuffle on a rendered prompt; PromptSet::can_show's.
struct Ask {
  generate::Request request;
  bool swapped = false;
  std::optional<std::array<std::int64_t, 2>> pair;  // of a ranking: records::Sample::pair
  std::optional<std::int64_t> answer;               // of a rating: records::Sample::answer
};
Result<std::vector<Ask>> plan(const records::Pair& p, const PromptSet& prompts, const Settings& s);

// `replies[i]` answers asks[i]; a missing one counts as failed. Never fails: unparsed, cut and failed samples are counted as
// such. Confidence: the mean of P(verdict) over the samples that voted and have a verdict token's probability, where
// logprobs were asked; else the verdict's share of valid votes when there was more than one sample. A tie is half.
records::Judgment decide(const records::Pair& p, const std::vector<Ask>& asks,
                         const std::vector<generate::Reply>& replies, const PromptSet& prompts, const Settings& s);

// What one reply amounts to: the sample with its verdict, reason and p_a. A reply that failed or was cancelled: reason "error".
records::Sample sample_of(const Ask& ask, const generate::Reply& reply, const Settings& s);

// Everything of a pair's judgment that follows from its samples: votes, verdict, preferred, correct, confidence, consistent.
void count_votes(const records::Pair& p, records::Judgment& j);

// An empty judgment with model, prompt_id and seed.
records::Judgment begin_judgment(const std::string& prompt_id, const Settings& s);

// Fills verdict, reason and type of a sample from its text; the byte of the deciding letter.
std::optional<std::size_t> read_sample(records::Sample& sample, VerdictMode mode);

}  // namespace rm::judge
