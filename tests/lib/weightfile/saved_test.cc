// Models and an adapter as transformers, the gguf library and peft save them (goldens/tiny_models.py, model_packs.py).
#include <doctest/doctest.h>

#include "lib/weightfile/lora.h"
#include "lib/weightfile/weight_file.h"
#include "tests/lib/weightfile/write_helpers.h"

namespace rm::weightfile {
namespace {

using namespace testing;
using Kind = RopeScaling::Kind;

TEST_CASE("saved models open and agree with their plan") {
  struct Row {
    const char* name;
    Arch arch;
    Kind rope;
    DType type;  // of the first projection
    bool tied;
  };
  for (const Row& r : {
           Row{"llama-bias-f32", Arch::kLlama, Kind::kNone, DType::kF32, false},
           Row{"llama-linear-bf16-sharded", Arch::kLlama, Kind::kLinear, DType::kBF16, false},
           Row{"llama-llama3-f16-tied", Arch::kLlama, Kind::kLlama3, DType::kF16, true},
           Row{"qwen2-yarn-f32-tied", Arch::kQwen2, Kind::kYarn, DType::kF32, true},
           Row{"qwen3-plain-bf16-tied", Arch::kQwen3, Kind::kNone, DType::kBF16, true},
           Row{"qwen3-yarnattn-f16-sharded", Arch::kQwen3, Kind::kYarn, DType::kF16, false},
           Row{"llama-linear-q4_0-gguf", Arch::kLlama, Kind::kLinear, DType::kQ4_0, true},
           Row{"qwen2-plain-q4_1-gguf", Arch::kQwen2, Kind::kNone, DType::kQ4_1, false},
       }) {
    const std::string name = r.name;
    CAPTURE(name);
    const TempFolder f;
    const std::string folder = unpack(f, name);
    const auto m = WeightFile::open(name.ends_with("-gguf") ? folder + "/model.gguf" : folder);
    if (!m) FAIL(m.error().text());
    const auto ok = check_against_plan(**m);
    if (!ok) FAIL(ok.error().text());
    const ModelConfig& c = (*m)->config();
    CHECK(c.arch == r.arch);
    CHECK(c.rope.kind == r.rope);
    CHECK(c.tied == r.tied);
    CHECK(c.o_bias == (name == "llama-bias-f32"));
    CHECK(c.vocab == 320);
    CHECK(c.rope_theta == 10000.0);
    if (name.find("yarnattn") != name.npos) CHECK(c.rope.attention_factor == 1.25);
    const TensorInfo* t = (*m)->find("model.layers.1.mlp.up_proj.weight");
    REQUIRE(t);
    CHECK(t->dtype == r.type);
    CHECK(t->shape == Shape{96, 64});
  }
}

TEST_CASE("an adapter that peft saved opens and pairs up") {
  const TempFolder f;
  const std::string folder = unpack(f, "lora");
  const auto adapter = std::filesystem::exists(folder + "/adapter_config.json") ? folder : folder + "/adapter";
  const auto a = LoraFile::open(adapter);
  if (!a) FAIL(a.error().text());
  CHECK((*a)->config().r > 0);
  CHECK(!(*a)->modules().empty());
  CHECK((*a)->modules().front().module.starts_with("model.layers.0."));
}

}  // namespace
}  // namespace rm::weightfile
