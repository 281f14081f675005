// Steps over a model with made-up weights: the same numbers however the tokens are cut and mixed, and what goes wrong.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "lib/model/load.h"
#include "tests/lib/model/fake_file.h"

#include <doctest/doctest.h>

using namespace rm;
using model::Span;

namespace {

using Ids = std::vector<std::int32_t>;
using Row = std::vector<float>;

std::unique_ptr<model::StepModel> open(const weightfile::FakeFile& file, const std::string& dtype = "bf16") {
  generate::EngineOptions o;
  o.device = "cpu";
  o.dtype = dtype;
  auto m = model::load(file, o);
  REQUIRE_MESSAGE(m.ok(), (m.ok() ? "" : m.error().text()));
  REQUIRE((*m)->allocate(64).ok());
  return *std::move(m);
}

Ids some_ids(std::size_t n, std::int32_t first) {
  Ids ids(n);
  for (std::size_t i = 0; i < n; ++i)
    ids[i] = static_cast<std::int32_t>((static_cast<std::size_t>(first) + i * 37) % 200);
  return ids;
}

struct Sequence {
  Ids ids, pages;
  std::size_t done = 0;
};

// Runs the next counts[i] tokens of each sequence in one step; the last logits of each.
std::vector<Row> step(model::StepModel& m, std::vector<Sequence*> sequences, const std::vector<std::size_t>& counts,
                      int pad = 0) {
  std::vector<Span> spans;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    Sequence& s = *sequences[i];
    spans.push_back(
        {static_cast<std::int64_t>(s.done), std::span(s.ids).subspan(s.done, counts[i]), s.pages, true, false});
    s.done += counts[i];
  }
  const auto r = m.run(spans, pad);
  REQUIRE_MESSAGE(r.ok(), (r.ok() ? "" : r.error().text()));
  REQUIRE(r->size() == spans.size() * 200);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < spans.size(); ++i) rows.emplace_back(r->begin() + i * 200, r->begin() + (i + 1) * 200);
  return rows;
}

}  // namespace

TEST_CASE("a row's logits have the same bits alone, in a batch, padded, in chunks and token by token") {
  for (const char* dtype : {"f32", "bf16"}) {
    CAPTURE(dtype);
    const auto m = open(weightfile::FakeFile(weightfile::small_config()), dtype);
    const Ids ids = some_ids(150, 3);
    Sequence alone{ids, {0, 1, 2, 3, 4}};
    const Row expected = step(*m, {&alone}, {150})[0];

    Sequence chunked{ids, {9, 8, 7, 6, 5}};
    step(*m, {&chunked}, {77});
    Sequence other{some_ids(60, 11), {20, 21}}, third{some_ids(1, 5), {22}};
    CHECK(step(*m, {&other, &chunked, &third}, {60, 73, 1}, 512)[1] == expected);

    Sequence single{ids, {30, 31, 32, 33, 34}};
    step(*m, {&single}, {140});
    Row last;
    for (int i = 0; i < 10; ++i) last = step(*m, {&single}, {1}, 16)[0];
    CHECK(last == expected);
  }
}

TEST_CASE("sequences that share pages of a common beginning agree with ones that do not") {
  const auto m = open(weightfile::FakeFile(weightfile::small_config()));
  const Ids ids = some_ids(80, 9);
  Sequence first{ids, {0, 1, 2}};
  const Row expected = step(*m, {&first}, {80})[0];
  Sequence shared{ids, {0, 1, 40}, 64};
  CHECK(step(*m, {&shared}, {16})[0] == expected);
}

TEST_CASE("all logits of a span are those of its prefixes") {
  const auto m = open(weightfile::FakeFile(weightfile::small_config()));
  const Ids ids = some_ids(20, 1), pages{0};
  const Span s{0, ids, pages, false, true};
  const auto all = m->run(std::span(&s, 1), 0);
  REQUIRE(all.ok());
  const Row every(all->begin(), all->end());
  REQUIRE(every.size() == 20 * 200);
  for (const std::size_t n : {1, 7, 20}) {
    Sequence prefix{ids, {1}};
    CHECK(step(*m, {&prefix}, {n})[0] == Row(every.begin() + (n - 1) * 200, every.begin() + n * 200));
  }
}

TEST_CASE("a step that makes no sense is our bug and an error, never a crash") {
  const auto m = open(weightfile::FakeFile(weightfile::small_config()));
  const Ids ids = some_ids(40, 1), wrong{1, 200}, negative{-1}, none, page{0}, two{0, 1}, far{64, 0};
  struct Case {
    const char* what;
    Span span;
    int pad;
  };
  for (const Case& c :
       {Case{"no tokens", {0, none, page}, 0}, Case{"unknown token", {0, wrong, page}, 0},
        Case{"negative token", {0, negative, page}, 0}, Case{"too few pages", {0, ids, page}, 0},
        Case{"page out of range", {0, ids, far}, 0}, Case{"negative position", {-1, ids, two}, 0},
        Case{"beyond the context", {500, ids, two}, 0}, Case{"more than padded to", {0, ids, two}, 39}}) {
    CAPTURE(c.what);
    const auto r = m->run(std::span(&c.span, 1), c.pad);
    REQUIRE(!r.ok());
    CHECK(r.error().exit == Exit::kBug);
  }
  CHECK(!m->run({}, 0).ok());
}

TEST_CASE("weights that are not finite load with a warning, and a step names the layer they poison") {
  for (const float value : {NAN, INFINITY}) {
    weightfile::FakeFile file(weightfile::small_config());
    file.bad = "model.layers.1.mlp.down_proj.weight";
    file.bad_value = value;
    const auto m = open(file);
    const Ids ids = some_ids(4, 1), page{0};
    const Span s{0, ids, page, true, false};
    const auto r = m->run(std::span(&s, 1), 0);
    REQUIRE(!r.ok());
    CHECK(r.error().exit == Exit::kModel);
    CHECK(r.error().reason == "not_finite");
    CHECK(r.error().message.find("layer 1") != std::string::npos);
  }
}

TEST_CASE("what cannot be loaded says why") {
  generate::EngineOptions o;
  o.device = "cpu";
  weightfile::FakeFile file(weightfile::small_config());
  SUBCASE("more weights than memory: said before anything is read") {
    weightfile::ModelConfig c = weightfile::small_config();
    c.ffn = 1 << 30;
    c.hidden = 1 << 14;
    weightfile::FakeFile huge(c);
    huge.fails = "model.embed_tokens.weight";
    const auto m = model::load(huge, o);
    REQUIRE(!m.ok());
    CHECK(m.error().exit == Exit::kResources);
    CHECK(m.error().message.find("GB") != std::string::npos);
  }
  SUBCASE("a tensor that ends early") {
    file.fails = "model.layers.2.mlp.up_proj.weight";
    const auto m = model::load(file, o);
    REQUIRE(!m.ok());
    CHECK(m.error().exit == Exit::kIo);
  }
  SUBCASE("a type or a device nobody computes in") {
    o.dtype = "int3";
    CHECK(model::load(file, o).error().exit == Exit::kUsage);
    o.dtype = "auto";
    o.device = "abacus";
    CHECK(model::load(file, o).error().exit == Exit::kUsage);
  }
  SUBCASE("an adapter that is not there") {
    o.adapter = "/nonexistent/adapter";
    CHECK(!model::load(file, o).ok());
  }
}

TEST_CASE("the context is the model's unless less is asked for, and sizes are reported") {
  weightfile::FakeFile file(weightfile::small_config());
  generate::EngineOptions o;
  o.device = "cpu";
  o.context = 100;
  o.dtype = "bf16";
  const auto m = model::load(file, o);
  REQUIRE(m.ok());
  CHECK((*m)->context() == 100);
  CHECK((*m)->vocab() == 200);
  CHECK((*m)->dtype() == "bf16");
  CHECK((*m)->device() == "cpu");
  CHECK((*m)->page_bytes() == 3u * 2 * 2 * 32 * 16 * 2);
  CHECK((*m)->weight_bytes() > 2u * 3 * (64 * 128 + 64 * 64 + 64 * 160 * 3));
}
