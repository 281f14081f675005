#include "lib/reward/reward.h"

namespace rm::reward {
namespace {

class RmR1 final : public Reward {
 public:
  std::string name() const override { return "rm-r1"; }
  Result<std::vector<double>> score(std::span<const Item> items) override {
    std::vector<double> out;
    out.reserve(items.size());
    for (const Item& i : items) out.push_back(judge::rm_r1_reward(i.text, i.label));
    return out;
  }
};

}  // namespace

std::unique_ptr<Reward> rm_r1() { return std::make_unique<RmR1>(); }

}  // namespace rm::reward
