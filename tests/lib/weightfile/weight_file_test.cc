#include "lib/weightfile/weight_file.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <thread>

#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;

// Opens and checks against the plan; the error's text, empty where all is well.
std::string trouble(const std::string& path) {
  const auto m = WeightFile::open(path);
  const Result<void> ok = m ? check_against_plan(**m) : Result<void>(m.error());
  if (ok) return "";
  CHECK(ok.error().exit == Exit::kModel);
  return ok.error().text();
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("a folder opens, agrees with its plan and is read where it lies") {
  const TempFolder f;
  f.write("config.json", tiny_config());
  std::uint64_t data = 0;
  const std::string header = safetensors_header(tiny_tensors(), &data);
  std::string bytes(data, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  f.write("model.safetensors", le<std::uint64_t>(header.size()) + header + bytes);
  CHECK(trouble(f.path()) == "");
  const auto m = WeightFile::open(f.path());
  REQUIRE(m.ok());
  CHECK((*m)->tensors().size() == 15);
  CHECK((*m)->find("nothing") == nullptr);
  const TensorInfo* t = (*m)->find("model.layers.0.input_layernorm.weight");
  REQUIRE(t);
  CHECK(t->dtype == DType::kBF16);
  CHECK(t->bytes == 16);
  std::byte got[6];
  REQUIRE((*m)->read(*t, 4, got).ok());
  CHECK(std::memcmp(got, bytes.data() + 128 + 4, 6) == 0);  // behind the 8 x 8 embedding
  CHECK(!(*m)->read(*t, 12, got).ok());
  CHECK(!(*m)->read(*t, ~0ull, got).ok());
}

TEST_CASE("a GGUF file of each architecture opens and agrees with its plan") {
  const TempFolder f;
  for (const char* arch : {"llama", "qwen2", "qwen3"}) {
    CAPTURE(std::string(arch));
    const std::string path = f.write(std::string(arch) + ".gguf", tiny_gguf(arch).build());
    CHECK(trouble(path) == "");
    const auto m = WeightFile::open(path);
    REQUIRE(m.ok());
    const TensorInfo* t = (*m)->find("model.embed_tokens.weight");
    REQUIRE(t);
    float v[2] = {};
    REQUIRE((*m)->read(*t, 8, std::as_writable_bytes(std::span(v))).ok());
    CHECK(v[0] == 0.5f);
    CHECK((*m)->text().ok());
  }
  // The kind is decided by the first bytes, not the name.
  CHECK(trouble(f.write("model.weights", tiny_gguf().build())) == "");
}

TEST_CASE("a GGUF's RoPE divisors are no weight but part of the configuration") {
  const TempFolder f;
  GgufBuilder b = tiny_gguf();
  b.floats("rope_freqs.weight", {2}, 8.0f);
  const std::string path = f.write("m.gguf", b.build());
  CHECK(trouble(path) == "");
  const auto m = WeightFile::open(path);
  CHECK((*m)->config().rope.kind == RopeScaling::Kind::kFactors);
  CHECK((*m)->config().rope.factors == std::vector<float>{8, 8});
  CHECK((*m)->find("rope_freqs.weight") == nullptr);
}

TEST_CASE("a missing, foreign, misshapen or transposed tensor is named") {
  struct Row {
    const char* what;
    std::function<void(Tensors&)> spoil;
    const char *name, *says;
  };
  const auto reshape = [](const char* name, Shape s) {
    return [=](Tensors& t) {
      for (auto& [n, shape] : t)
        if (n == name) shape = s;
    };
  };
  const auto drop = [](const char* name) {
    return [=](Tensors& t) { std::erase_if(t, [&](const auto& e) { return e.first == name; }); };
  };
  const char* up = "model.layers.0.mlp.up_proj.weight";
  const std::vector<Row> rows = {
      {"missing", drop(up), up, "is missing"},
      {"missing bias", drop("model.layers.0.self_attn.q_proj.bias"), "model.layers.0.self_attn.q_proj.bias",
       "is missing"},
      {"no head", drop("lm_head.weight"), "lm_head.weight", "not tied"},
      {"wrong shape", reshape(up, {12, 9}), up, "has shape [12, 9]; the configuration asks for [12, 8]"},
      {"transposed", reshape(up, {8, 12}), up, "transposed"},
      {"one dimension", reshape(up, {96}), up, "[96]"},
      {"vocabulary differs", reshape("model.embed_tokens.weight", {9, 8}), "model.embed_tokens.weight", "[9, 8]"},
      {"foreign",
       [](Tensors& t) {
         t.push_back({"model.layers.1.mlp.up_proj.weight", {12, 8}});
       },
       "model.layers.1.mlp.up_proj.weight", "not part of a qwen2 model"},
      {"an adapter",
       [](Tensors& t) {
         t.push_back({"x.lora_A.weight", {2, 8}});
       },
       "x.lora_A.weight", "adapter"},
      {"escape in a name",
       [](Tensors& t) {
         t.push_back({"\x1b[31m", {2}});
       },
       "\\x1b[31m", "not part"},
  };
  for (const Row& r : rows) {
    CAPTURE(std::string(r.what));
    const TempFolder f;
    write_tiny_folder(f);
    Tensors t = tiny_tensors();
    r.spoil(t);
    write_safetensors(f.at("model.safetensors"), t);
    const std::string text = trouble(f.path());
    CAPTURE(text);
    CHECK(has(text, std::string("tensor ") + r.name));
    CHECK(has(text, r.says));
  }
}

TEST_CASE("known leftovers are no trouble: rotary frequencies, the stored copy of a tied head") {
  const TempFolder f;
  f.write("config.json", with(tiny_config(), "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true"));
  Tensors t = tiny_tensors();
  t.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", {2}});
  write_safetensors(f.at("model.safetensors"), t);
  CHECK(trouble(f.path()) == "");
  t.erase(t.end() - 2);  // and the head may be absent
  write_safetensors(f.at("model.safetensors"), t);
  CHECK(trouble(f.path()) == "");
}

TEST_CASE("a shard index is believed only where the shards agree") {
  struct Row {
    const char* what;
    std::function<void(const TempFolder&, std::map<std::string, std::string>&)> spoil;
    const char* says;
  };
  const std::vector<Row> rows = {
      {"right", [](const TempFolder&, auto&) {}, ""},
      {"a file above", [](const TempFolder&, auto& m) { m["lm_head.weight"] = "../x.safetensors"; }, "plain name"},
      {"an absolute path", [](const TempFolder&, auto& m) { m["lm_head.weight"] = "/etc/x.safetensors"; },
       "plain name"},
      {"a hidden file", [](const TempFolder&, auto& m) { m["lm_head.weight"] = ".x.safetensors"; }, "plain name"},
      {"a NUL", [](const TempFolder&, auto& m) { m["lm_head.weight"] = std::string("a\0b.safetensors", 15); },
       "plain name"},
      {"a pickle", [](const TempFolder&, auto& m) { m["lm_head.weight"] = "pytorch_model.bin"; }, "plain name"},
      {"a missing shard", [](const TempFolder& f, auto&) { std::filesystem::remove(f.at("b.safetensors")); },
       "b.safetensors"},
      {"in the other shard", [](const TempFolder&, auto& m) { m["lm_head.weight"] = "a.safetensors"; },
       "lm_head.weight is missing from a.safetensors"},
      {"not in any shard", [](const TempFolder&, auto& m) { m["ghost"] = "a.safetensors"; }, "ghost is missing"},
      {"not in the index", [](const TempFolder&, auto& m) { m.erase("lm_head.weight"); },
       "lm_head.weight of b.safetensors is not in the index"},
      {"in two shards", [](const TempFolder& f, auto&) { write_safetensors(f.at("b.safetensors"), tiny_tensors()); },
       "in two shards"},
      {"a short shard",
       [](const TempFolder& f, auto&) {
         std::filesystem::resize_file(f.at("b.safetensors"), std::filesystem::file_size(f.at("b.safetensors")) - 1);
       },
       "b.safetensors: tensor"},
  };
  for (const Row& r : rows) {
    CAPTURE(std::string(r.what));
    const TempFolder f;
    f.write("config.json", tiny_config());
    const Tensors all = tiny_tensors();
    const Tensors first(all.begin(), all.begin() + 7), second(all.begin() + 7, all.end());
    write_safetensors(f.at("a.safetensors"), first);
    write_safetensors(f.at("b.safetensors"), second);
    std::map<std::string, std::string> files;
    for (const auto& t : first) files[t.first] = "a.safetensors";
    for (const auto& t : second) files[t.first] = "b.safetensors";
    r.spoil(f, files);
    f.write("model.safetensors.index.json", index_text(files));
    const std::string text = trouble(f.path());
    CAPTURE(text);
    if (!*r.says) CHECK(text == "");
    if (*r.says) CHECK(has(text, r.says));
  }
}

TEST_CASE("what is no model says so and what to do") {
  const TempFolder f;
  CHECK(has(trouble(f.at("nothing")), "no such model"));
  CHECK(has(trouble(f.path()), "no config.json"));
  f.write("config.json", tiny_config());
  CHECK(has(trouble(f.path()), "neither model.safetensors nor"));
  f.write("pytorch_model.bin", "PK\3\4");
  CHECK(has(trouble(f.path()), "convert the model to safetensors"));
  CHECK(has(trouble(f.at("pytorch_model.bin")), "unsupported: this is a Python pickle"));
  CHECK(has(trouble(f.write("renamed", std::string("\x80\x02}q", 4))), "Python pickle"));
  CHECK(has(trouble(f.write("model.safetensors", "")), "give the folder"));
  CHECK(has(trouble(f.write("empty.gguf", "")), "the magic"));
  CHECK(has(trouble(f.write("text.gguf", "hello, world")), "GGUF"));
  CHECK(has(trouble(f.write("text", "hello, world")), "is no GGUF file"));
  CHECK(has(trouble("/dev/zero"), "regular file"));
  f.write("model.safetensors.index.json", R"({"weight_map": []})");
  CHECK(has(trouble(f.path()), "weight_map"));
  CHECK(has(trouble(f.write("part.gguf", tiny_gguf().raw("split.count", kGgufU16, le<std::uint16_t>(3)).build())),
            "split over 3 files"));
}

TEST_CASE("a file cut or replaced after opening gives an error or the old bytes, never zeros") {
  const TempFolder f;
  const std::string bytes = tiny_gguf().build();
  const std::string path = f.write("m.gguf", bytes);
  const auto m = WeightFile::open(path);
  REQUIRE(m.ok());
  const TensorInfo* t = (*m)->find("model.layers.0.mlp.down_proj.weight");
  REQUIRE(t);
  std::vector<std::byte> got(t->bytes);
  std::filesystem::rename(f.write("other", std::string(10, 'x')), path);
  CHECK((*m)->read(*t, 0, got).ok());  // the old file is still open
  const std::string second = f.write("n.gguf", bytes);
  const auto n = WeightFile::open(second);
  REQUIRE(n.ok());
  std::filesystem::resize_file(second, bytes.size() - 1);
  const auto r = (*n)->read(*t, 0, got);
  REQUIRE(!r.ok());
  CHECK(r.error().exit == Exit::kModel);
  CHECK(has(r.error().text(), "tensor model.layers.0.mlp.down_proj.weight"));
}

TEST_CASE("several threads may read at once") {
  const TempFolder f;
  const auto m = WeightFile::open(f.write("m.gguf", tiny_gguf().build()));
  REQUIRE(m.ok());
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k)
        for (const TensorInfo& t : (*m)->tensors()) {
          std::vector<float> v(t.bytes / 4);
          if (!(*m)->read(t, 0, std::as_writable_bytes(std::span(v))) || v.back() != 0.5f) ++wrong;
        }
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace rm::weightfile
