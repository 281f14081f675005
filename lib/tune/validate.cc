#include "lib/tune/validate.h"

#include <algorithm>
#include <numeric>

#include "lib/base/signals.h"
#include "lib/judge/verdict.h"
#include "lib/tune/order.h"

namespace rm::tune {
namespace {

void count(const ChainText& chain, const generate::Reply& reply, HeldOutVerdicts& sums) {
  const judge::Verdict v = judge::read_verdict(reply.text, judge::VerdictMode::kStrict);
  sums.cut += reply.finish == generate::FinishReason::kLength;
  sums.parsed += v.side.has_value();
  if (!chain.verdict) return;
  ++sums.labelled;
  sums.right += v.side && (*v.side == judge::Side::kA) == (*chain.verdict == 'A');
}

}  // namespace

Result<HeldOutLoss> held_out_loss(Trainer& trainer, std::span<const Example> examples, std::int64_t pass_tokens) {
  std::vector<std::uint32_t> all(examples.size());
  std::iota(all.begin(), all.end(), 0u);
  HeldOutLoss out;
  double loss = 0;
  std::vector<Pass> todo = make_passes(examples, all, 1, pass_tokens);
  std::ranges::reverse(todo);
  while (!todo.empty()) {
    if (signals::stop_requested()) return signals::stop_error();
    const Pass p = std::move(todo.back());
    todo.pop_back();
    auto sums = trainer.evaluate(p);
    if (!sums && sums.error().reason == "out_of_memory") {
      std::vector<Pass> parts = halve(p);
      if (parts.empty()) return sums.error();
      std::ranges::move(parts, std::back_inserter(todo));
      continue;
    }
    if (!sums) return sums.error();
    loss += sums->plain_loss;
    out.targets += sums->targets;
    out.right += sums->right;
  }
  if (out.targets > 0) out.loss = loss / static_cast<double>(out.targets);
  return out;
}

Result<HeldOutVerdicts> held_out_verdicts(generate::Generator& generator, std::span<const ChainText> chains,
                                          std::int64_t max_tokens, const std::function<void()>& said) {
  HeldOutVerdicts sums;
  std::size_t next = 0;
  while (next < chains.size() || generator.in_flight() > 0) {
    while (next < chains.size() && generator.in_flight() < generator.capacity()) {
      generate::Request r;
      r.id = next;
      r.messages = chains[next++].messages;
      r.max_tokens = max_tokens;
      RM_TRY(generator.submit(std::move(r)));
    }
    RM_ASSIGN(const std::vector<generate::Reply> replies, generator.wait());
    if (signals::stop_requested()) {
      generator.cancel_all();
      return signals::stop_error();
    }
    for (const generate::Reply& reply : replies) {
      ++sums.asked;
      count(chains[reply.id], reply, sums);
      if (said) said();
    }
  }
  return sums;
}

}  // namespace rm::tune
