// Adapters against peft's own file (goldens/model_packs.py) and our reader. goldens/model_folders.py has peft load the
#include <doctest/doctest.h>

#include "lib/weightfile/lora.h"
#include "lib/weightfile/model_writer.h"
#include "tests/lib/weightfile/write_helpers.h"

namespace rm::weightfile {
namespace {

using namespace testing;

const std::vector<std::string> kTargets = {"q_proj", "down_proj"};
const std::vector<LoraTensor> kTensors = {{"model.layers.0.self_attn.q_proj", 8, 8},
                                          {"model.layers.0.mlp.down_proj", 12, 8}};

Result<void> write_counted(const std::string& folder, double alpha = 8, std::vector<std::string>* asked = nullptr) {
  return write_adapter(folder, "some/base", 2, alpha, kTargets, kTensors,
                       [&](const std::string& name, std::uint64_t first, std::span<float> to) {
                         if (asked) asked->push_back(name);
                         for (std::size_t i = 0; i < to.size(); ++i)
                           to[i] = static_cast<float>(first + i) + (name.find("lora_B") != name.npos ? 100.0f : 0.0f);
                         return Result<void>();
                       });
}

void write_model_at(const TempFolder& f, const std::string& name) {
  std::filesystem::create_directories(f.at(name));
  f.write(name + "/config.json", tiny_config());
  write_safetensors(f.at(name + "/model.safetensors"), tiny_tensors());
}

TEST_CASE("an adapter is read back with its pairs, scale and targets") {
  const TempFolder f;
  std::vector<std::string> asked;
  const auto ok = write_counted(f.at("out"), 9, &asked);
  if (!ok) FAIL(ok.error().text());
  CHECK(asked == std::vector<std::string>{
                     "model.layers.0.mlp.down_proj.lora_A.weight", "model.layers.0.mlp.down_proj.lora_B.weight",
                     "model.layers.0.self_attn.q_proj.lora_A.weight", "model.layers.0.self_attn.q_proj.lora_B.weight"});
  CHECK(files_in(f.at("out")) == std::vector<std::string>{"adapter_config.json", "adapter_model.safetensors"});
  const auto a = LoraFile::open(f.at("out"));
  if (!a) FAIL(a.error().text());
  CHECK((*a)->config().r == 2);
  CHECK((*a)->config().scale == 4.5);
  CHECK((*a)->config().base_model == "some/base");
  CHECK((*a)->config().targets == std::vector<std::string>{"down_proj", "q_proj"});
  REQUIRE((*a)->modules().size() == 2);
  CHECK((*a)->check_against(*config_from_json(tiny_config(), "")).ok());
  const LoraModule& m = (*a)->modules()[0];
  CHECK(m.module == "model.layers.0.mlp.down_proj");
  CHECK(m.a.shape == Shape{2, 12});
  CHECK(m.b.shape == Shape{8, 2});
  float values[16];
  REQUIRE((*a)->read(m.b, 0, std::as_writable_bytes(std::span(values))).ok());
  CHECK(values[15] == 115.0f);
}

TEST_CASE("every member of its configuration is what peft writes") {
  const TempFolder f;
  const std::string peft = slurp(unpack(f, "lora") + "/adapter_config.json");
  REQUIRE(write_counted(f.at("out")).ok());
  const std::string ours = slurp(f.at("out/adapter_config.json"));
  json::Document a, b;
  const auto want = a.parse(peft), got = b.parse(ours);
  REQUIRE((want.ok() && got.ok()));
  // Those that belong to the one adapter or the other; peft's was made without a task.
  const std::vector<std::string_view> own = {"base_model_name_or_path", "lora_alpha", "r",
                                             "target_modules",          "task_type",  "auto_mapping"};
  got->each_member([&](std::string_view key, json::Value v) {
    CAPTURE(std::string(key));
    const auto other = want->find(key);
    REQUIRE(other);
    if (std::find(own.begin(), own.end(), key) == own.end()) CHECK(v.dump() == other->dump());
  });
  CHECK(got->find("lora_alpha")->integer() == 8);
  CHECK(got->find("task_type")->string() == std::string_view("CAUSAL_LM"));
  REQUIRE(write_counted(f.at("half"), 0.5).ok());
  CHECK(slurp(f.at("half/adapter_config.json")).find("\"lora_alpha\":0.5,") != std::string::npos);
}

TEST_CASE("an adapter replaces what was in the folder, and is whole or not there") {
  const TempFolder f;
  write_model_at(f, "out");
  REQUIRE(WeightFile::open(f.at("out")).ok());
  REQUIRE(write_counted(f.at("out")).ok());
  CHECK(!WeightFile::open(f.at("out")).ok());
  CHECK(with_file_limit(600, [&] {
          const auto ok = write_counted(f.at("out"), 16);
          return ok ? 0 : static_cast<int>(ok.error().exit);
        }) == static_cast<int>(Exit::kIo));
  CHECK(!LoraFile::open(f.at("out")).ok());
  write_model_at(f, "base");
  const auto own = write_adapter(f.at("base"), f.at("base"), 2, 1, kTargets, kTensors, {});
  REQUIRE(!own.ok());
  CHECK(own.error().exit == Exit::kUsage);
  CHECK(WeightFile::open(f.at("base")).ok());
  f.write("file", "x");
  CHECK(write_counted(f.at("file")).error().exit == Exit::kIo);
  CHECK(write_adapter(f.at("out"), "b", 0, 1, kTargets, kTensors, {}).error().exit == Exit::kBug);
}

}  // namespace
}  // namespace rm::weightfile
