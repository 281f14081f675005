#include "lib/rl/rollouts.h"

#include "lib/base/rng.h"
#include "lib/base/signals.h"

namespace rm::rl {
namespace {

using generate::TokenEvent;

struct Writing {
  Rollout* rollout = nullptr;
  text::StreamDecoder decoder;
};

void take(const TokenEvent& e, Writing& w) {
  Rollout& r = *w.rollout;
  if (e.token >= 0) {
    r.ids.push_back(e.token);
    r.logprobs.push_back(e.logprob);
    r.text += w.decoder.push(e.token);
  }
  if (!e.finish) return;
  r.text += w.decoder.finish();
  r.truncated = *e.finish == generate::Finish::kLength;
  if (e.stop < 0) return;
  r.ids.push_back(e.stop);
  r.logprobs.push_back(e.logprob);
}

// So that the engine can be used again.
void empty(generate::TokenEngine& engine, std::size_t count) {
  for (std::size_t id = 0; id < count; ++id) (void)engine.cancel(id);
  if (engine.alive() > 0) (void)engine.step();
}

}  // namespace

Error engine_error(Error e) {
  constexpr std::string_view kFlag = "give a shorter --context";
  if (const auto at = e.message.find(kFlag); at != e.message.npos)
    e.message.replace(at, kFlag.size(), "give a smaller --max-tokens or --max-prompt-tokens");
  return e;
}

std::uint64_t rollout_seed(std::uint64_t seed, std::int64_t step, std::int64_t prompt, std::int64_t index) {
  return derive_seed(derive_seed(seed, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(prompt)),
                     static_cast<std::uint64_t>(index));
}

Result<std::vector<std::vector<Rollout>>> sample(generate::TokenEngine& engine, const text::Tokenizer& tokenizer,
                                                 std::span<const Prompt* const> prompts, const SamplingOptions& o,
                                                 const SeedOf& seed_of, const Sampled& sampled) {
  const auto n = static_cast<std::size_t>(o.count);
  std::vector<std::vector<Rollout>> out(prompts.size(), std::vector<Rollout>(n));
  std::vector<Writing> writing;
  writing.reserve(prompts.size() * n);
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      generate::TokenRequest r;
      r.id = writing.size();
      r.prompt = prompts[i]->ids;
      r.max_tokens = o.max_tokens;
      r.temperature = o.temperature;
      r.top_p = o.top_p;
      r.seed = seed_of(i, static_cast<std::int64_t>(j));
      r.stop = o.stops;
      auto submitted = engine.submit(std::move(r));
      if (!submitted) {
        empty(engine, writing.size());
        return submitted.error();
      }
      writing.push_back({&out[i][j], text::StreamDecoder(tokenizer)});
    }
  }
  while (engine.alive() > 0) {
    auto events = engine.step();
    if (!events) return events.error();
    if (signals::stop_requested()) {
      empty(engine, writing.size());
      return signals::stop_error();
    }
    for (const TokenEvent& e : *events) take(e, writing[e.id]);
    if (sampled) sampled(std::ssize(*events));
  }
  return out;
}

}  // namespace rm::rl
