// Folders against what transformers saved (goldens/model_packs.py), our reader, and everything that can be in the way.
// goldens/model_folders.py has transformers load them.
#include "lib/weightfile/model_writer.h"

#include <doctest/doctest.h>

#include <bit>

#include "lib/base/fd.h"
#include "lib/weightfile/read_floats.h"
#include "lib/weightfile/safetensors_write.h"
#include "lib/weightfile/tokenizer_gguf.h"
#include "lib/weightfile/tokenizer_json.h"
#include "tests/lib/weightfile/write_helpers.h"

namespace rm::weightfile {
namespace {

using namespace testing;

Result<void> write_own(const std::string& folder, const WeightFile& base, const ModelWriteOptions& o) {
  return write_model(folder, base, o, [&](const std::string& name, std::uint64_t first, std::span<float> to) {
    return read_floats(base, name, first, to);
  });
}

std::unique_ptr<WeightFile> opened(const std::string& path) {
  auto m = WeightFile::open(path);
  if (!m) FAIL(m.error().text());
  const auto ok = check_against_plan(**m);
  if (!ok) FAIL(ok.error().text());
  return *std::move(m);
}

void check_same_weights(const WeightFile& a, const WeightFile& b) {
  for (const Planned& p : plan(a.config())) {
    CAPTURE(p.name);
    std::vector<float> x(elements(p.shape)), y(x.size());
    REQUIRE(read_floats(a, p.name, 0, x).ok());
    REQUIRE(read_floats(b, p.name, 0, y).ok());
    CHECK((x == y));
  }
}

// Unused ids at the end of a GGUF's vocabulary have no place in a tokenizer.json.
void check_same_text(const TextSource& a, const TextSource& b) {
  std::vector<std::string> tokens = a.vocab.tokens, others = b.vocab.tokens;
  others.resize(std::max(tokens.size(), others.size()));
  tokens.resize(others.size());
  CHECK(tokens == others);
  CHECK(a.vocab.merges == b.vocab.merges);
  REQUIRE(a.vocab.added.size() == b.vocab.added.size());
  for (std::size_t i = 0; i < a.vocab.added.size(); ++i) {
    CHECK(a.vocab.added[i].id == b.vocab.added[i].id);
    CHECK(a.vocab.added[i].text == b.vocab.added[i].text);
    CHECK(a.vocab.added[i].special == b.vocab.added[i].special);
  }
  CHECK(a.vocab.split == b.vocab.split);
  CHECK(a.vocab.nfc == b.vocab.nfc);
  CHECK(a.vocab.ignore_merges == b.vocab.ignore_merges);
  CHECK(a.vocab.add_bos == b.vocab.add_bos);
  CHECK(a.vocab.bos == b.vocab.bos);
  CHECK(a.vocab.eos == b.vocab.eos);
  CHECK(a.chat_template == b.chat_template);
  CHECK(a.bos_text == b.bos_text);
}

TEST_CASE("a saved model is written as transformers saved it, byte for byte") {
  for (const char* name : {"llama-bias-f32", "qwen2-yarn-f32-tied", "qwen3-plain-bf16-tied"}) {
    CAPTURE(std::string(name));
    const TempFolder f;
    const std::string from = unpack(f, name), to = f.at("out/model");
    const DType dtype = std::string(name).find("bf16") != std::string::npos ? DType::kBF16 : DType::kF32;
    const auto base = opened(from);
    const auto ok = write_own(to, *base, {.dtype = dtype});
    if (!ok) FAIL(ok.error().text());
    CHECK(files_in(to) == std::vector<std::string>{"config.json", "generation_config.json", "model.safetensors"});
    for (const std::string& file : files_in(to)) {
      CAPTURE(file);
      CHECK((slurp(to + "/" + file) == slurp(from + "/" + file)));
    }
  }
}

TEST_CASE("in another type or in shards it opens as the same model") {
  for (const char* name : {"llama-linear-bf16-sharded", "llama-llama3-f16-tied", "qwen3-yarnattn-f16-sharded"}) {
    CAPTURE(std::string(name));
    const TempFolder f;
    const auto base = opened(unpack(f, name));
    const auto ok = write_own(f.at("out"), *base, {.dtype = DType::kF32, .shard_bytes = 40'000});
    if (!ok) FAIL(ok.error().text());
    const auto back = opened(f.at("out"));
    check_same_weights(*base, *back);
    CHECK(back->tensors().size() == plan(base->config()).size());
    for (const TensorInfo& t : back->tensors()) CHECK(t.dtype == DType::kF32);
    for (const std::string& file : files_in(f.at("out")))
      if (file.ends_with(".safetensors")) {
        CAPTURE(file);
        const auto size = std::filesystem::file_size(f.at("out") + "/" + file);
        CHECK((size < 40'000 + 2'000 || size < 320 * 64 * 4 + 2'000));  // the embedding has a file of its own
      }
    CHECK(slurp(f.at("out/config.json")).find("\"float32\"") != std::string::npos);
  }
}

TEST_CASE("a GGUF becomes a folder that opens as the same model and tokenizer") {
  for (const char* arch : {"llama", "qwen2", "qwen3"}) {
    for (const bool tied : {false, true}) {
      CAPTURE(std::string(arch));
      CAPTURE(tied);
      const TempFolder f;
      GgufBuilder b = tiny_gguf(arch);
      b.u32("tokenizer.ggml.padding_token_id", 5);
      if (tied) std::erase_if(b.tensors, [](const auto& t) { return t.name == "output.weight"; });
      const auto base = opened(f.write("m.gguf", b.build()));
      const auto ok = write_own(f.at("out"), *base, {});
      if (!ok) FAIL(ok.error().text());
      CHECK(files_in(f.at("out")) == std::vector<std::string>{"config.json", "generation_config.json",
                                                              "model.safetensors", "tokenizer.json",
                                                              "tokenizer_config.json"});
      const auto back = opened(f.at("out"));
      check_same_weights(*base, *back);
      CHECK((back->find("lm_head.weight") == nullptr) == tied);
      CHECK(back->config().tied == tied);
      CHECK(back->config().eos == base->config().eos);
      CHECK(back->config().bos == base->config().bos);
      const auto a = base->text(), z = back->text();
      REQUIRE(a.ok());
      if (!z) FAIL(z.error().text());
      check_same_text(*a, *z);
      CHECK(slurp(f.at("out/tokenizer_config.json")).find("\"pad_token\":\"<|end|>\"") != std::string::npos);
    }
  }
}

TEST_CASE("rows of interleaved heads come back in Hugging Face's order") {
  const TempFolder f;
  GgufBuilder b = tiny_gguf("llama");  // heads of 4 rows
  for (auto& t : b.tensors) {
    if (t.name != "blk.0.attn_q.weight") continue;
    t.data.clear();
    for (int i = 0; i < 64; ++i) t.data += le(static_cast<float>(i));
  }
  const auto base = opened(f.write("m.gguf", b.build()));
  float got[64];
  for (std::size_t first = 0; first < 64; first += 13)  // strips end inside rows
    REQUIRE(read_floats(*base, "model.layers.0.self_attn.q_proj.weight", first,
                        std::span(got).subspan(first, std::min<std::size_t>(13, 64 - first)))
                .ok());
  const int row_of[] = {0, 2, 1, 3,
                        4, 6, 5, 7};  // TensorInfo: row r of the file is row (r % 2) * 2 + r / 2 of its head
  for (int file_row = 0; file_row < 8; ++file_row)
    for (int c = 0; c < 8; ++c) CHECK(got[row_of[file_row] * 8 + c] == static_cast<float>(file_row * 8 + c));
  float one = 0;
  CHECK(read_floats(*base, "no.such", 0, std::span(&one, 1)).error().exit == Exit::kModel);
  CHECK(read_floats(*base, "model.norm.weight", 8, std::span(&one, 1)).error().exit == Exit::kBug);
}

TEST_CASE("every family's tokenizer is read back as it was written") {
  for (const char* pre : {"qwen2", "deepseek-r1-qwen", "llama-bpe", "gpt-2", "smollm"}) {
    CAPTURE(std::string(pre));
    GgufBuilder b = tiny_gguf();
    b.drop_key("tokenizer.ggml.pre").text("tokenizer.ggml.pre", pre).drop_key("tokenizer.ggml.add_bos_token");
    const std::string bytes = b.build();
    const auto h = gguf::Header::parse(std::as_bytes(std::span(bytes)), bytes.size(), "m.gguf");
    auto s = gguf::text_source(*h, "m.gguf");
    REQUIRE(s.ok());
    auto back = vocab_from_json(vocab_to_json(s->vocab));
    if (!back) FAIL(back.error().text());
    back->bos = s->vocab.bos, back->eos = s->vocab.eos;  // those are in tokenizer_config.json
    check_same_text(*s, {*back, s->chat_template, s->bos_text});
  }
}

TEST_CASE("a tokenizer that no tokenizer.json gives is refused before anything is removed or written") {
  struct Row {
    std::vector<std::string> tokens;
  };
  for (const Row& r :
       {Row{{"a", "b", "c", "ab", "abc", "a", "<tool>", "[PAD7]"}},        // an added token spelled as a plain one
        Row{{"a", "a", "c", "ab", "abc", "<|end|>", "<tool>", "[PAD7]"}},  // a text with two ids
        Row{{"a", "b", "c", "\xFF\xFE", "abc", "<|end|>", "<tool>", "[PAD7]"}}}) {  // no UTF-8
    const TempFolder f;
    const GgufBuilder b = tiny_gguf("qwen2").drop_key("tokenizer.ggml.tokens").texts("tokenizer.ggml.tokens", r.tokens);
    const auto before = opened(f.write("before.gguf", tiny_gguf("qwen2").build()));
    REQUIRE(write_own(f.at("out"), *before, {.dtype = DType::kF32}).ok());
    const auto base = WeightFile::open(f.write("m.gguf", b.build()));
    REQUIRE(base.ok());
    const auto ok = write_own(f.at("out"), **base, {});
    REQUIRE(!ok.ok());
    CHECK(ok.error().exit == Exit::kModel);
    CHECK(ok.error().text().find("m.gguf") != std::string::npos);
    check_same_weights(*before, *opened(f.at("out")));
  }
}

TEST_CASE("texts of a folder are copied as they are; those it has not are not left from before") {
  const TempFolder f;
  std::filesystem::create_directories(f.at("base"));
  std::filesystem::create_directories(f.at("out"));
  const auto put = [&](const std::string& name, const std::string& text) { f.write(name, text); };
  put("base/config.json", tiny_config());
  write_safetensors(f.at("base/model.safetensors"), tiny_tensors());
  put("base/tokenizer.json", tiny_tokenizer());
  put("base/merges.txt", "#version: 0.2\na b\n");
  put("base/README.md", "of the base");
  put("base/optimizer.pt", "x");
  put("out/chat_template.jinja", "of another model");
  put("out/special_tokens_map.json", "{}");
  put("out/notes.txt", "mine");
  const auto base = opened(f.at("base"));
  REQUIRE(write_own(f.at("out"), *base, {.dtype = DType::kF32}).ok());
  CHECK(files_in(f.at("out")) ==
        std::vector<std::string>{"config.json", "merges.txt", "model.safetensors", "notes.txt", "tokenizer.json"});
  CHECK(slurp(f.at("out/tokenizer.json")) == tiny_tokenizer());
  CHECK(slurp(f.at("out/merges.txt")) == "#version: 0.2\na b\n");
  CHECK(slurp(f.at("out/config.json")) == with(tiny_config(), "5}", "5,\n  \"torch_dtype\": \"float32\"}"));
}

TEST_CASE("what an earlier run left does not mislead: shards, an index, an adapter, unfinished files") {
  const TempFolder f;
  const auto base = opened(f.write("m.gguf", tiny_gguf("qwen2").build()));
  const std::string out = f.at("out");
  REQUIRE(write_own(out, *base, {.dtype = DType::kF32, .shard_bytes = 600}).ok());
  CHECK(files_in(out).size() > 6);
  CHECK(std::filesystem::exists(out + "/model.safetensors.index.json"));
  check_same_weights(*base, *opened(out));
  for (const char* name :
       {"adapter_config.json", "adapter_model.safetensors", "model.safetensors.tmp-123-0",
        "model-00001-of-00009.safetensors.tmp-7-1", "model.safetensors.tmp-mine", "model-1-of-2.safetensors"})
    f.write("out/" + std::string(name), "x");
  REQUIRE(write_own(out, *base, {.dtype = DType::kF32}).ok());
  CHECK(files_in(out) == std::vector<std::string>{"config.json", "generation_config.json", "model-1-of-2.safetensors",
                                                  "model.safetensors", "model.safetensors.tmp-mine", "tokenizer.json",
                                                  "tokenizer_config.json"});
  check_same_weights(*base, *opened(out));
  REQUIRE(write_own(out, *base, {.dtype = DType::kF32, .shard_bytes = 900}).ok());
  CHECK(!std::filesystem::exists(out + "/model.safetensors"));
  check_same_weights(*base, *opened(out));
}

TEST_CASE("a run that ends in the middle leaves no model, not even the old one under a new configuration") {
  for (const std::uint64_t shard_bytes : {std::uint64_t{1} << 40, std::uint64_t{600}}) {
    const TempFolder f;
    const auto base = opened(f.write("m.gguf", tiny_gguf("qwen2").build()));
    const std::string out = f.at("out");
    REQUIRE(write_own(out, *base, {}).ok());
    const auto ok = write_model(out, *base, {.dtype = DType::kF32, .shard_bytes = shard_bytes},
                                [&](const std::string& name, std::uint64_t first, std::span<float> to) {
                                  if (name == "model.norm.weight")
                                    return Result<void>(make_error(Exit::kStopped, "stopped", "was asked to stop"));
                                  return read_floats(*base, name, first, to);
                                });
    REQUIRE(!ok.ok());
    CHECK(ok.error().exit == Exit::kStopped);
    CHECK(!std::filesystem::exists(out + "/model.safetensors"));
    CHECK(!std::filesystem::exists(out + "/model.safetensors.index.json"));
    CHECK(!WeightFile::open(out).ok());
  }
}

TEST_CASE("a full disk, a file in the way, a folder that cannot be made, the base's own folder") {
  const TempFolder f;
  const auto base = opened(f.write("m.gguf", tiny_gguf("qwen2").build()));
  CHECK(with_file_limit(1500, [&] {
          const auto ok = write_own(f.at("full"), *base, {.dtype = DType::kF32});
          return ok ? 0 : static_cast<int>(ok.error().exit);
        }) == static_cast<int>(Exit::kIo));
  CHECK(!std::filesystem::exists(f.at("full/model.safetensors")));
  struct Row {
    std::string folder;
    const char* says;
  };
  for (const Row& r :
       {Row{f.at("m.gguf"), "is a file; expected a folder"}, Row{f.at("m.gguf/out"), "is a file; expected a folder"},
        Row{"/proc/rm/out", "cannot make the folder"}}) {
    const auto ok = write_own(r.folder, *base, {});
    REQUIRE(!ok.ok());
    CHECK(ok.error().exit == Exit::kIo);
    CAPTURE(ok.error().text());
    CHECK(ok.error().text().find(r.says) != std::string::npos);
  }
  REQUIRE(write_own(f.at("own"), *base, {}).ok());
  const auto own = opened(f.at("own"));
  std::filesystem::create_symlink(f.at("own"), f.at("link"));
  for (const std::string& same : {f.at("own"), f.at("own/"), f.at("link")}) {
    const auto ok = write_own(same, *own, {});
    REQUIRE(!ok.ok());
    CHECK(ok.error().exit == Exit::kUsage);
  }
  check_same_weights(*base, *opened(f.at("own")));  // it is still there
  std::filesystem::create_directories(f.at("odd/model.safetensors"));
  CHECK(write_own(f.at("odd"), *base, {}).error().exit == Exit::kIo);
  CHECK(write_own(f.at("x"), *base, {.dtype = DType::kF16}).error().exit == Exit::kBug);
}

}  // namespace
}  // namespace rm::weightfile
