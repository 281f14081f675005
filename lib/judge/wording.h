// The project's own judge prompts: RM-R1's tags and steps in our words. Texts only; judge/prompt fills the slots.
// kRateTask tells a model without a system turn what to do with kRateUser.
#pragma once

#include <string_view>

namespace rm::judge::wording {

extern const std::string_view kCorSystem, kCorUser, kCorMultiTurn, kPlainUser, kPlainMultiTurn;
extern const std::string_view kRateSystem, kRateUser, kRateTask;

}  // namespace rm::judge::wording
