#include "lib/metrics/record.h"

#include <algorithm>

#include "lib/base/json.h"

namespace rm::metrics {

double Record::Field::number() const {
  return std::visit([](auto v) { return static_cast<double>(v); }, value);
}

Record& Record::put(std::string_view name, std::variant<std::int64_t, double> v) {
  const auto there = std::ranges::find(fields_, name, &Field::name);
  if (there != fields_.end()) {
    there->value = v;
  } else {
    fields_.push_back({std::string(name), v});
  }
  return *this;
}

std::string Record::json() const {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("step", step_);
  for (const Field& f : fields_) {
    w.key(f.name);
    std::visit([&w](auto v) { w.value(v); }, f.value);
  }
  w.end_object();
  return out;
}

Record record(const TrainStep& s) {
  return Record(s.step)
      .add("loss", s.loss)
      .add("lr", s.lr)
      .add("grad_norm", s.grad_norm)
      .add("tokens", s.tokens)
      .add("tokens_per_s", s.tokens_per_s)
      .add("seconds", s.seconds);
}

Record record(const Validation& v) {
  return Record(v.step)
      .add("val_loss", v.loss)
      .add("val_token_accuracy", v.token_accuracy)
      .add("val_verdict_accuracy", v.verdict_accuracy)
      .add("val_parsed", v.parsed);
}

}  // namespace rm::metrics
