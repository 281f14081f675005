#include "lib/metrics/record.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace rm::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST_CASE("a record is one flat object, in the order of adding, and what is not finite is null") {
  struct Row {
    Record record;
    const char* json;
  };
  for (const Row& r :
       {Row{Record(0), R"({"step":0})"},
        Row{Record(7).add("loss", 0.25).add("tokens", 131072), R"({"step":7,"loss":0.25,"tokens":131072})"},
        Row{Record(1).add("z", 1).add("a", 2.5).add("z", -3), R"({"step":1,"z":-3,"a":2.5})"},
        Row{Record(1).add("a", std::nan("")).add("b", kInf).add("c", -kInf),
            R"({"step":1,"a":null,"b":null,"c":null})"},
        Row{Record(1).add("lr", 5e-6).add("big", std::int64_t{1} << 60),
            R"({"step":1,"lr":5e-06,"big":1152921504606846976})"},
        Row{Record(1).add("a\"\n", std::optional<double>(1)).add("none", std::optional<double>()),
            R"({"step":1,"a\"\n":1})"}}) {
    CHECK(r.record.json() == r.json);
  }
}

TEST_CASE("steps and validations have the names of the manual") {
  CHECK(record(TrainStep{3, 1.5, 1e-6, 0.5, 4096, 800.5, 2.25}).json() ==
        R"({"step":3,"loss":1.5,"lr":1e-06,"grad_norm":0.5,"tokens":4096,"tokens_per_s":800.5,"seconds":2.25})");
  CHECK(record(Validation{3, 1.5, 0.75, 0.5, 0.25}).json() ==
        R"({"step":3,"val_loss":1.5,"val_token_accuracy":0.75,"val_verdict_accuracy":0.5,"val_parsed":0.25})");
  CHECK(record(Validation{3, 1.5, 0.75, {}, {}}).json() == R"({"step":3,"val_loss":1.5,"val_token_accuracy":0.75})");
}

}  // namespace
}  // namespace rm::metrics
