// Writes what write_model and write_adapter make of a model, for goldens/model_folders.py:
//   folder-probe model MODEL OUT [--dtype bf16|f32] [--shard-bytes N]   the model's own weights, dequantised
//   folder-probe texts MODEL OUT                                      only what stands beside its weights
//   folder-probe adapter MODEL OUT --rank R --alpha A                   on q_proj, v_proj and down_proj, counted values
//   folder-probe tokenizer GGUF OUT.json                                of a file that may hold a vocabulary alone
//   folder-probe same MODEL FOLDER                                      whether both have one configuration and text
// MODEL is a folder or a .gguf. Links nothing above weightfile.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "lib/base/atomic_file.h"
#include "lib/weightfile/config_write.h"
#include "lib/weightfile/model_writer.h"
#include "lib/weightfile/read_floats.h"
#include "lib/weightfile/tokenizer_gguf.h"
#include "lib/weightfile/tokenizer_json.h"
#include "tests/oracle/flags.h"

namespace {

using namespace rm;
using namespace rm::weightfile;

int report(const Result<void>& r) {
  if (r) return 0;
  std::fprintf(stderr, "folder-probe: %s\n", r.error().text().c_str());
  return static_cast<int>(r.error().exit);
}

Result<void> model(const std::string& from, const std::string& to, const ModelWriteOptions& o) {
  RM_ASSIGN(const auto base, WeightFile::open(from));
  RM_TRY(check_against_plan(*base));
  return write_model(to, *base, o, [&](const std::string& name, std::uint64_t first, std::span<float> part) {
    return read_floats(*base, name, first, part);
  });
}

Result<void> texts(const std::string& from, const std::string& to, const ModelWriteOptions& o) {
  RM_ASSIGN(const auto base, WeightFile::open(from));
  return write_model_texts(to, *base, o.dtype);
}

// Element i of a matrix is ((i * 37) mod 251 - 125) / 1000, in f32; the script makes the same.
Result<void> adapter(const std::string& from, const std::string& to, std::int64_t rank, double alpha) {
  RM_ASSIGN(const auto base, WeightFile::open(from));
  const std::vector<std::string> targets = {"q_proj", "v_proj", "down_proj"};
  std::vector<LoraTensor> tensors;
  for (const Planned& p : plan(base->config())) {
    for (const std::string& t : targets)
      if (p.name.ends_with("." + t + ".weight"))
        tensors.push_back({p.name.substr(0, p.name.size() - 7), p.shape[1], p.shape[0]});
  }
  return write_adapter(to, from, rank, alpha, targets, tensors,
                       [](const std::string&, std::uint64_t first, std::span<float> part) {
                         for (std::size_t i = 0; i < part.size(); ++i)
                           part[i] = static_cast<float>(static_cast<int>((first + i) * 37 % 251) - 125) / 1000.0f;
                         return Result<void>();
                       });
}

Result<void> tokenizer(const std::string& from, const std::string& to) {
  RM_ASSIGN(const TextSource s, gguf::read_text(from));
  return write_file_atomically(to, vocab_to_json(s.vocab));
}

Result<void> differs(const char* what) { return make_error(Exit::kModel, "differs", what); }

Result<void> same(const std::string& a, const std::string& b) {
  RM_ASSIGN(const auto one, WeightFile::open(a));
  RM_ASSIGN(const auto two, WeightFile::open(b));
  RM_TRY(check_against_plan(*two));
  const auto x = config_to_json(one->config(), DType::kF32, -1), y = config_to_json(two->config(), DType::kF32, -1);
  if (!x || !y) return x ? y.error() : x.error();
  if (*x != *y) return differs("config");
  const auto s = one->text(), t = two->text();
  if (!s && !t) return {};  // a model without a tokenizer has none afterwards
  if (!s || !t) return differs("one of them has no tokenizer");
  std::vector<std::string> tokens = s->vocab.tokens;
  tokens.resize(std::max(tokens.size(), t->vocab.tokens.size()));
  std::vector<std::string> others = t->vocab.tokens;
  others.resize(tokens.size());
  if (tokens != others) return differs("tokens");
  if (s->vocab.merges != t->vocab.merges) return differs("merges");
  if (!std::equal(
          s->vocab.added.begin(), s->vocab.added.end(), t->vocab.added.begin(), t->vocab.added.end(),
          [](const auto& p, const auto& q) { return p.id == q.id && p.text == q.text && p.special == q.special; }))
    return differs("added tokens");
  if (s->vocab.split != t->vocab.split || s->vocab.nfc != t->vocab.nfc || s->vocab.bos != t->vocab.bos ||
      s->vocab.eos != t->vocab.eos || s->vocab.add_bos != t->vocab.add_bos ||
      s->vocab.ignore_merges != t->vocab.ignore_merges)
    return differs("rules of the tokenizer");
  if (s->chat_template != t->chat_template || s->bos_text != t->bos_text) return differs("template");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "folder-probe model|texts|adapter|tokenizer|same MODEL OUT [flags]\n");
    return 2;
  }
  const std::string verb = argv[1], from = argv[2], to = argv[3];
  ModelWriteOptions o;
  std::int64_t rank = 4;
  double alpha = 8;
  const auto dtype = [&](const char* v) {
    o.dtype = std::string(v) == "f32" ? DType::kF32 : DType::kBF16;
    return true;
  };
  const auto number = [&](const char* v) {
    alpha = std::atof(v);
    return true;
  };
  if (!probe::read_flags("folder-probe", argc, argv, 4,
                         {{"--dtype", dtype},
                          {"--shard-bytes", probe::set_number(o.shard_bytes)},
                          {"--rank", probe::set_number(rank)},
                          {"--alpha", number}}))
    return 2;
  if (verb == "texts") return report(texts(from, to, o));
  if (verb == "model") return report(model(from, to, o));
  if (verb == "adapter") return report(adapter(from, to, rank, alpha));
  if (verb == "tokenizer") return report(tokenizer(from, to));
  return verb == "same" ? report(same(from, to)) : 2;
}
