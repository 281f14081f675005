// What a training run says about one step: a flat record of names and numbers, in the order in which they were added.
//
// A number that is not finite is written as null: JSON has no other word for it. Plain values, any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rm::metrics {

class Record {
 public:
  struct Field {
    std::string name;
    std::variant<std::int64_t, double> value;
    double number() const;
  };

  explicit Record(std::int64_t step) : step_(step) {}
  // A name that is there already gets the new value and keeps its place.
  Record& add(std::string_view name, double v) { return put(name, v); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) Record& add(std::string_view name, T v) {
    return put(name, static_cast<std::int64_t>(v));
  }
  template <class T>
  Record& add(std::string_view name, const std::optional<T>& v) {  // nothing where there is none
    return v ? add(name, *v) : *this;
  }

  std::int64_t step() const { return step_; }
  const std::vector<Field>& fields() const { return fields_; }  // without the step
  std::string json() const;                                     // {"step":1,"loss":0.5}, no newline

 private:
  Record& put(std::string_view name, std::variant<std::int64_t, double> v);

  std::int64_t step_;
  std::vector<Field> fields_;
};

// The fields that every optimizer step has; rm-rl adds its own.
struct TrainStep {
  std::int64_t step = 0;  // from 1: steps taken
  double loss = 0, lr = 0, grad_norm = 0;
  std::int64_t tokens = 0;
  double tokens_per_s = 0, seconds = 0;
};
Record record(const TrainStep& s);

// The fields of a validation after `step` steps; verdicts only where they were asked for.
struct Validation {
  std::int64_t step = 0;
  double loss = 0, token_accuracy = 0;
  std::optional<double> verdict_accuracy, parsed;  // shares of the pairs
};
Record record(const Validation& v);

inline constexpr std::string_view kValidationPrefix = "val_";

}  // namespace rm::metrics
