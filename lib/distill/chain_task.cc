#include "lib/distill/chain_task.h"

#include <utility>

#include "lib/base/hash.h"
#include "lib/base/rng.h"
#include "lib/distill/hint.h"
#include "lib/distill/leak.h"
#include "lib/judge/judge.h"

namespace rm::distill {
namespace {

using records::ChainRecord;
using records::ChainStatus;

constexpr std::uint64_t kFirstStream = 0x7465616368, kSecondStream = 0x636f7272656374;  // "teach", "correct"

judge::Side side_of(char verdict) { return verdict == 'A' ? judge::Side::kA : judge::Side::kB; }

generate::Request request_of(std::vector<text::Message> messages, std::uint64_t seed, const Settings& s) {
  generate::Request r;
  r.messages = std::move(messages);
  r.temperature = s.temperature;
  r.top_p = s.top_p;
  r.max_tokens = s.max_tokens;
  r.seed = seed;
  return r;
}

}  // namespace

ChainTask::ChainTask(ChainRecord begun, generate::Request request, Filter filter)
    : record_(std::move(begun)), request_(std::move(request)), filter_(filter) {}

std::vector<generate::Request> ChainTask::next() {
  std::vector<generate::Request> out;
  if (!request_) return out;
  if (on_text) request_->on_text = [this](std::string_view text) { on_text(0, text); };
  out.push_back(*std::exchange(request_, std::nullopt));
  return out;
}

void ChainTask::take(generate::Reply reply) {
  using generate::FinishReason;
  if (reply.error) {
    failed = std::move(reply.error);
  } else if (reply.finish == FinishReason::kError || reply.finish == FinishReason::kCancelled) {
    failed = make_error(Exit::kInput, "no_reply", "the teacher gave no reply");
  } else {
    decide(reply);
    done_ = true;
  }
}

void ChainTask::decide(generate::Reply& reply) {
  records::Chain& c = record_.chain;
  c.prompt_tokens = reply.prompt_tokens;
  c.completion_tokens = reply.completion_tokens;
  c.reasoning = std::move(reply.reasoning);
  c.reason = why_not(reply.text, reply.finish == generate::FinishReason::kLength, side_of(c.verdict), filter_);
  c.status = c.reason.empty() ? ChainStatus::kKept : ChainStatus::kWrong;
  if (c.status == ChainStatus::kKept && c.pass == 2) {
    c.told_by = told_verdict(reply.text, record_.messages);
    if (c.told_by) c.status = ChainStatus::kLeak, c.reason = "told";
  }
  if (c.status == ChainStatus::kKept) {
    c.reason = "ok";
    c.wrong_response.reset();
    record_.response = std::move(reply.text);
  } else {
    (c.pass == 1 ? c.wrong_response : c.second_response) = std::move(reply.text);
  }
}

ChainRecord ChainTask::failed_record(const std::string& teacher) const {
  ChainRecord out = record_;
  out.chain.status = ChainStatus::kFailed;
  out.chain.teacher = teacher;
  if (failed) out.chain.reason = failed->reason;
  return out;
}

Result<std::unique_ptr<ChainTask>> first_pass(const json::Value& record, const records::FieldMap& map,
                                              const judge::PromptSet& prompts, const Settings& s) {
  RM_ASSIGN(const records::Pair pair, records::read_pair(record, map));
  if (!pair.label) {
    return make_error(Exit::kInput, "no_label",
                      "the record does not say which answer is better; a chain can only be held against a label");
  }
  if (*pair.label == records::Label::kTie)
    return make_error(Exit::kInput, "tie", "the record's answers are a tie; no verdict would be right");
  RM_TRY(prompts.can_show(pair, s.form));
  judge::Settings order;
  order.seed = s.seed;
  const bool swapped = judge::swapped_order(pair, order);
  ChainRecord r;
  r.messages = prompts.messages(pair, swapped, s.form);
  r.chain.verdict = (*pair.label == records::Label::kFirst) != swapped ? 'A' : 'B';
  r.chain.filter = name(s.filter);
  r.chain.prompt_id = pair.rendered ? "record" : prompts.id(s.form);
  r.chain.seed = s.seed;
  generate::Request request = request_of(r.messages, derive_seed(s.seed, judge::content_hash(pair), kFirstStream), s);
  return std::make_unique<ChainTask>(std::move(r), std::move(request), s.filter);
}

bool wants_second(const ChainRecord& r) {
  return r.chain.status != ChainStatus::kKept && r.chain.wrong_response.has_value();
}

std::unique_ptr<ChainTask> second_pass(ChainRecord stored, const Settings& s) {
  records::Chain& c = stored.chain;
  ContentHash content;
  for (const text::Message& m : stored.messages) content.add(m.role).add(m.content);
  generate::Request request = request_of(with_hint(stored.messages, side_of(c.verdict), *c.wrong_response),
                                         derive_seed(s.seed, content.digest(), kSecondStream), s);
  c.pass = 2;
  c.filter = name(s.filter);
  c.seed = s.seed;
  c.prompt_tokens = c.completion_tokens = 0;
  c.reasoning.clear();
  c.second_response.reset();
  c.told_by.reset();
  stored.response.reset();
  return std::make_unique<ChainTask>(std::move(stored), std::move(request), s.filter);
}

}  // namespace rm::distill
