#include "lib/tune/schedule.h"

#include <cmath>

#include "tests/lib/tune/golden_lines.h"

using namespace rm;
using namespace rm::tune;

TEST_CASE("every rate is that of transformers' schedulers") {
  int rates = 0;
  each_golden("rates.jsonl", [&](const json::Value& row) {
    if (!row.find("shape")) return;
    Schedule s;
    s.shape = parse_shape(*row.find("shape")->string()).value();
    s.lr = real(row, "lr");
    s.floor = real(row, "floor");
    s.warmup = whole(row, "warmup");
    s.total = whole(row, "total");
    CAPTURE(row.dump());
    for (const json::Value& pair : row.find("rates")->items()) {
      const std::int64_t step = pair.items()[0].integer().value();
      const double want = pair.items()[1].number().value();
      CAPTURE(step);
      CHECK(std::abs(rate(s, step) - want) <= 1e-15 * s.lr + 1e-14 * want);
      ++rates;
    }
  });
  CHECK(rates > 400);
}

TEST_CASE("a share of steps is rounded up to warm-up steps") {
  each_golden("rates.jsonl", [](const json::Value& row) {
    if (!row.find("share")) return;
    CAPTURE(row.dump());
    CHECK(warmup_steps(real(row, "share"), whole(row, "total")) == whole(row, "warmup"));
  });
}

TEST_CASE("beyond its end a schedule stays at its last rate") {
  const double lr = 2;
  struct Row {
    Shape shape;
    double last;
  };
  for (const Row& r : {Row{Shape::kCosine, 0.2}, Row{Shape::kLinear, 0}, Row{Shape::kConstant, 2}}) {
    CAPTURE(name(r.shape));
    const Schedule s{r.shape, lr, 0.1, 1, 10};
    for (const std::int64_t step : {std::int64_t{10}, std::int64_t{11}, std::int64_t{1} << 62})
      CHECK(rate(s, step) == doctest::Approx(r.last));
  }
}

TEST_CASE("names of shapes are read back and no others are") {
  for (const Shape s : {Shape::kCosine, Shape::kLinear, Shape::kConstant}) CHECK(parse_shape(name(s)) == s);
  for (const char* text : {"", "cos", "Cosine", "cosine "}) CHECK(!parse_shape(text));
}
