// Tiny random models of every family, stored type and RoPE variant against the log-probabilities and greedy tokens that
// transformers computed from the same files (goldens/model_packs.py), and a LoRA adapter against peft.
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/model/load.h"
#include "tests/lib/model/pack.h"

#include <doctest/doctest.h>

using namespace rm;
using rm::tests::Pack;
namespace fs = std::filesystem;

namespace {

struct Expected {
  std::vector<std::vector<std::int32_t>> prompts, greedy;
  std::vector<std::vector<std::int32_t>> rows;
  std::vector<float> log_probabilities;
  std::size_t vocab = 0;
};

std::string slurp(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  std::ostringstream s;
  s << in.rdbuf();
  return s.str();
}

Expected read_expected(const fs::path& folder) {
  Expected e;
  json::Document doc;
  const auto v = doc.parse(slurp(folder / "expected.json"));
  REQUIRE(v.ok());
  const auto lists = [&](const char* key, std::vector<std::vector<std::int32_t>>& to) {
    for (const json::Value& list : v->find(key)->items()) {
      to.emplace_back();
      for (const json::Value& i : list.items()) to.back().push_back(static_cast<std::int32_t>(*i.integer()));
    }
  };
  lists("prompts", e.prompts);
  lists("rows", e.rows);
  lists("greedy", e.greedy);
  e.vocab = static_cast<std::size_t>(*v->find("vocab")->integer());
  const std::string raw = slurp(folder / "expected.f32");
  e.log_probabilities.resize(raw.size() / 4);
  std::memcpy(e.log_probabilities.data(), raw.data(), raw.size());
  return e;
}

std::vector<double> log_softmax(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float l : logits) sum += std::exp(l - top);
  std::vector<double> out;
  for (const float l : logits) out.push_back(l - top - std::log(sum));
  return out;
}

struct Difference {
  double worst = 0, kl = 0;
  std::size_t rows = 0, greedy_same = 0;
};

Difference compare(const std::string& path, const std::string& adapter, const Expected& e, const char* dtype,
                   std::size_t chunk) {
  const auto file = weightfile::WeightFile::open(path);
  REQUIRE_MESSAGE(file.ok(), (file.ok() ? "" : file.error().text()));
  generate::EngineOptions o;
  o.device = "cpu";
  o.dtype = dtype;
  o.adapter = adapter;
  const auto m = model::load(**file, o);
  REQUIRE_MESSAGE(m.ok(), (m.ok() ? "" : m.error().text()));
  REQUIRE((*m)->vocab() == static_cast<std::int64_t>(e.vocab));
  REQUIRE((*m)->allocate(4).ok());
  const std::vector<std::int32_t> pages{2, 0, 3, 1};
  const float* expected = e.log_probabilities.data();
  Difference d;
  for (std::size_t p = 0; p < e.prompts.size(); ++p) {
    std::vector<std::int32_t> ids = e.prompts[p], greedy;
    std::vector<std::vector<double>> rows;
    while (rows.size() < ids.size() && greedy.size() < e.greedy[p].size()) {
      const std::size_t n = std::min(chunk, ids.size() - rows.size());
      const model::Span s{static_cast<std::int64_t>(rows.size()), std::span(ids).subspan(rows.size(), n), pages, true,
                          true};
      const auto logits = (*m)->run(std::span(&s, 1), 0);
      REQUIRE_MESSAGE(logits.ok(), (logits.ok() ? "" : logits.error().text()));
      for (std::size_t i = 0; i < n; ++i) rows.push_back(log_softmax(logits->subspan(i * e.vocab, e.vocab)));
      if (rows.size() == ids.size()) {
        greedy.push_back(
            static_cast<std::int32_t>(std::max_element(rows.back().begin(), rows.back().end()) - rows.back().begin()));
        ids.push_back(greedy.back());
      }
    }
    d.greedy_same += greedy == e.greedy[p];
    for (const std::int32_t r : e.rows[p]) {
      for (std::size_t i = 0; i < e.vocab; ++i, ++expected) {
        const double ours = rows[static_cast<std::size_t>(r)][i];
        d.worst = std::max(d.worst, std::abs(ours - *expected));
        d.kl += std::exp(static_cast<double>(*expected)) * (*expected - ours);
      }
      ++d.rows;
    }
  }
  d.kl /= static_cast<double>(d.rows);
  return d;
}

}  // namespace

TEST_CASE("models saved by transformers, or through the gguf library, answer as transformers does") {
  const fs::path packs = std::string(RM_SOURCE_DIR) + "/tests/golden/model";
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(packs))
    if (entry.path().extension() == ".gz" && entry.path().filename() != "lora.tar.gz")
      names.push_back(entry.path().stem().stem().string());
  std::sort(names.begin(), names.end());
  REQUIRE(names.size() >= 8);
  for (const std::string& name : names) {
    CAPTURE(name);
    const Pack pack(name);
    const Expected e = read_expected(pack.folder());
    for (const std::size_t chunk : {std::size_t{64}, std::size_t{5}}) {
      CAPTURE(chunk);
      const Difference d = compare(pack.model(), "", e, "f32", chunk);
      CHECK(d.worst < 1e-4);
      CHECK(d.greedy_same == e.prompts.size());
    }
    const Difference d = compare(pack.model(), "", e, "bf16", 64);
    MESSAGE(name, ": mean KL of bf16 to f32 ", d.kl);
    CHECK(d.kl < 0.02);
  }
}

TEST_CASE("a LoRA adapter saved by peft changes the model as peft does") {
  const Pack base("qwen2-yarn-f32-tied"), lora("lora");
  const Expected plain = read_expected(base.folder()), adapted = read_expected(lora.folder());
  REQUIRE(plain.log_probabilities != adapted.log_probabilities);
  const Difference d = compare(base.model(), lora.folder(), adapted, "f32", 64);
  CHECK(d.worst < 1e-4);
  CHECK(d.greedy_same == adapted.prompts.size());
  CHECK(compare(base.model(), lora.folder(), adapted, "bf16", 64).kl < 0.02);
}
