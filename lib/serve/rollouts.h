// Answers as reinforcement learning frameworks send them, and the rewards they want back.
//
// OpenRLHF: {"query": [prompt+answer], "prompts": [...], "labels": [...]}, all rendered by a chat template
// (OpenRLHF/OpenRLHF, openrlhf/utils/agent.py). verl: {"input": "rendered conversation"} to /classify or /v1/embeddings
// (verl-project/verl, verl/experimental/reward_loop/reward_loop.py). How a reward is found:
//  - several answers to one prompt in a request are ranked against each other: the mean chance to win;
//  - one answer with a reference in its label is compared with it: the share of the votes;
//  - one answer alone is rated on the scale, 1 to 10 unless asked otherwise: its place on it.
// Rewards are in [0, 1]. Where nothing could be read from the model the reward is 0.5 and the item is marked unparsed; where
// the record could not be judged at all it is 0.5 and marked failed: a trainer needs a number in every place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/serve/intake.h"

namespace rm::serve {

struct Rollout {
  std::vector<text::Message> prompt;
  std::string answer, reference;  // reference: empty for none
};

// Exit::kInput, reason "bad_request", saying which field of which item.
Result<std::vector<Rollout>> read_openrlhf(const json::Value& body, const Limits& limits);
Result<std::vector<Rollout>> read_classify(const json::Value& body, const Limits& limits);

// One record to judge and whose rewards it decides.
struct Group {
  Entry entry;
  judge::Settings settings;
  std::vector<std::size_t> members;  // rollouts, in the order of the record's answers
};
std::vector<Group> group(const std::vector<Rollout>& rollouts, const Judging& judging, const judge::Settings& settings);

struct Reward {
  double value = 0.5;
  bool unparsed = false, failed = false;
};
// Puts what became of a group where its members are. `error`: it could not be judged.
void settle(const Group& g, const std::optional<Error>& error, std::vector<Reward>& rewards);

std::string openrlhf_reply(const std::vector<Reward>& rewards);
enum class Vector { kProbs, kEmbedding };
std::string classify_reply(const std::vector<Reward>& rewards, std::string_view model, Vector kind);

}  // namespace rm::serve
