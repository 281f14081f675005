#include "lib/tune/recipe.h"

#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/number.h"

namespace rm::tune {
namespace {

std::string shortest(double v) {
  std::string out;
  json::append_number(out, v);
  return out;
}

std::string count(std::int64_t n, const char* noun) {
  return format_grouped(static_cast<std::uint64_t>(n)) + " " + noun + (n == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : between) + w;
  return out;
}

std::string rate_text(const TrainSettings& s) {
  std::string out = shortest(s.lr) + ", " + name(s.shape);
  if (s.shape == Shape::kCosine) out += " to " + shortest(s.floor) + " of it";
  if (s.shape == Shape::kLinear) out += " to 0";
  return out + ", warm-up over " + shortest(s.warmup) + " of the steps";
}

std::string trained_text(const LoraOptions& l) {
  if (l.rank == 0) return "every weight";
  return "LoRA of rank " + std::to_string(l.rank) + ", alpha " + shortest(l.alpha) + ", of " + joined(l.targets, ", ");
}

}  // namespace

std::optional<TrainSettings> recipe(std::string_view name) {
  if (name == "rm-r1") return TrainSettings{};
  return std::nullopt;
}

Schedule schedule_of(const TrainSettings& s, std::int64_t total_steps) {
  return {s.shape, s.lr, s.floor, warmup_steps(s.warmup, total_steps), total_steps};
}

std::string describe(const TrainSettings& s) {
  std::string out;
  const auto line = [&out](const char* what, const std::string& text) {
    out += what + std::string(11 - std::string_view(what).size(), ' ') + text + "\n";
  };
  line("optimizer", "AdamW, betas " + shortest(s.beta1) + " and " + shortest(s.beta2) + ", weight decay " +
                        shortest(s.weight_decay) +
                        (s.clip > 0 ? ", gradients clipped at " + shortest(s.clip) : ", gradients not clipped"));
  line("rate", rate_text(s));
  line("batch", count(s.batch, "chain") + ", a mean over every " + count(s.micro_batch, "chain") + ", " +
                    count(s.epochs, "epoch"));
  line("loss",
       std::string("on the response") + (s.mask == Mask::kHeader ? " and the header before it" : "") +
           (s.max_length > 0 ? ", chains of at most " + count(s.max_length, "token") : ", chains of any length"));
  line("trained", trained_text(s.lora));
  return out;
}

std::string settings_hash(const TrainSettings& s) {
  std::string text;
  const auto add = [&text](const std::string& value) { json::append_string(text, value); };
  for (const double v : {s.lr, s.floor, s.warmup, s.weight_decay, s.beta1, s.beta2, s.epsilon, s.clip, s.lora.alpha})
    add(shortest(v));
  for (const std::int64_t v : {s.epochs, s.batch, s.micro_batch, s.max_length, s.lora.rank}) add(std::to_string(v));
  add(name(s.shape));
  add(name(s.mask));
  for (const std::string& t : s.lora.targets) add(t);
  return hash128(text).hex();
}

}  // namespace rm::tune
