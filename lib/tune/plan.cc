#include "lib/tune/plan.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "lib/base/number.h"
#include "lib/weightfile/weight_file.h"

namespace rm::tune {
namespace {

constexpr std::uint64_t kF32 = 4;
constexpr std::uint64_t kLeftAlone = 20;                         // one part in so many of the free memory
constexpr std::uint64_t kNeverKept = 4;                          // nor are layers kept in one part in so many
constexpr std::uint64_t kLeastCache = std::uint64_t{512} << 20;  // of an engine (engine/memory.h)
constexpr std::uint64_t kLogitCopies = 3;  // logits, their product in the arithmetic's type, what softmax needs

std::uint64_t u(std::int64_t v) { return static_cast<std::uint64_t>(v); }

// Numbers of a model by what happens to them.
struct Counts {
  std::uint64_t matrices = 0, vectors = 0;  // of the model
  std::uint64_t lora = 0;                   // of LoRA's A and B
  std::uint64_t largest = 0;                // of the matrices that are trained
};

bool targeted(const LoraOptions& l, std::string_view name) {
  constexpr std::string_view kWeight = ".weight";
  if (!name.ends_with(kWeight)) return false;
  name.remove_suffix(kWeight.size());
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return std::ranges::find(l.targets, last) != l.targets.end();
}

Counts count(const weightfile::ModelConfig& c, const LoraOptions& lora) {
  Counts n;
  for (const weightfile::Planned& p : weightfile::plan(c)) {
    if (p.shape.size() < 2) {
      n.vectors += p.shape.front();
      continue;
    }
    const std::uint64_t elements = p.shape[0] * p.shape[1];
    n.matrices += elements;
    if (lora.rank == 0) n.largest = std::max(n.largest, elements);
    if (lora.rank == 0 || !targeted(lora, p.name)) continue;
    n.lora += u(lora.rank) * (p.shape[0] + p.shape[1]);
    n.largest = std::max(n.largest, u(lora.rank) * std::max(p.shape[0], p.shape[1]));
  }
  return n;
}

// Bytes a token of one layer that is run with a graph. `c` bytes a number of the arithmetic's type.
struct LayerBytes {
  std::uint64_t held = 0;       // activations that the gradient needs, and the two sums
  std::uint64_t gradients = 0;  // at the worse of two moments: in the feed-forward part or in attention
};

LayerBytes layer_bytes(const weightfile::ModelConfig& m, std::uint64_t c) {
  const std::uint64_t D = u(m.hidden), F = u(m.ffn), A = u(m.heads) * u(m.head_dim),
                      X = A + 2 * u(m.kv_heads) * u(m.head_dim), H = u(m.heads);
  LayerBytes b;
  b.held += 2 * D * c;                          // both normed inputs
  b.held += X * kF32 + X * c;                   // q, k, v as they are computed, and turned
  b.held += A * c + H * kF32;                   // what attention gives, and its logarithms of sums
  b.held += 2 * D * kF32;                       // x after attention, and after the layer
  b.held += 2 * F * c + F * c;                  // gate and up, and their product
  const std::uint64_t sums = D * kF32 + D * c;  // of x, and of a normed input
  b.gradients = sums + std::max(3 * F * c, X * kF32 + X * c + A * c);
  return b;
}

struct Sizes {
  Counts n;
  LayerBytes layer;
  std::uint64_t type = kF32;  // bytes a number of the arithmetic
  std::uint64_t working = 0, state = 0, trained = 0, numbers = 0;
};

Sizes sizes_of(const weightfile::ModelConfig& c, const PlanRequest& r) {
  Sizes s;
  s.type = r.bf16 ? 2 : kF32;
  s.n = count(c, r.lora);
  s.layer = layer_bytes(c, s.type);
  s.numbers = s.n.matrices + s.n.vectors;
  const bool full = r.lora.rank == 0;
  s.trained = full ? s.numbers : s.n.lora;
  // Vectors are used in f32, and what is trained in f32 is used as it stands.
  s.working = full ? (r.bf16 ? s.n.matrices * s.type : 0) : s.n.matrices * s.type + s.n.vectors * kF32;
  if (!full && r.bf16) s.working += s.n.lora * s.type;
  return s;
}

std::string numbers(std::uint64_t n, const char* type) { return format_grouped(n) + " numbers in " + type; }

// What does not grow with the tokens.
std::vector<PlanRow> fixed_rows(const weightfile::ModelConfig& c, const PlanRequest& r, const Sizes& s) {
  const char* type = r.bf16 ? "bf16" : "f32";
  std::vector<PlanRow> rows;
  const auto add = [&rows](const char* name, std::string of, std::uint64_t bytes) {
    if (bytes > 0) rows.push_back({name, std::move(of), bytes});
  };
  add("weights",
      r.lora.rank > 0 ? format_grouped(s.numbers) + " numbers, the matrices in " + type : numbers(s.n.matrices, type),
      s.working);
  add(r.lora.rank > 0 ? "LoRA matrices" : "masters", numbers(s.trained, "f32"), s.trained * kF32);
  add("gradients", numbers(s.trained, "f32"), s.trained * kF32);
  add("moments", "two for each number, in f32", s.trained * 2 * kF32);
  const std::uint64_t weights = s.numbers * s.type;
  add("reference", "the weights as they were, in " + std::string(type),
      r.reference && r.lora.rank == 0 ? s.n.matrices * s.type + s.n.vectors * kF32 : 0);
  add("engine", "the weights once more, and a cache for validation's replies",
      r.generates ? weights + std::max(weights / 5, kLeastCache) : 0);
  add("logits", std::to_string(kLogitRows) + " rows of " + format_grouped(u(c.vocab)) + ", with their gradient",
      u(kLogitRows) * u(c.vocab) * kF32 * kLogitCopies);
  add("one gradient", "of the largest matrix, before it is added", r.bf16 ? s.n.largest * s.type : 0);
  return rows;
}

// What does, for so many tokens, where so many layers are kept.
std::vector<PlanRow> token_rows(const weightfile::ModelConfig& c, const Sizes& s, std::int64_t tokens,
                                std::int64_t kept) {
  const std::uint64_t T = u(tokens), inputs = u(c.layers + 1) * u(c.hidden) * kF32;
  std::vector<PlanRow> rows{{"layer inputs", std::to_string(c.layers + 1) + " for each token, in f32", T * inputs}};
  if (kept > 0)
    rows.push_back({"kept layers", "activations of " + std::to_string(kept) + " of " + std::to_string(c.layers),
                    u(kept) * T * s.layer.held});
  if (kept < c.layers) rows.push_back({"one layer", "its activations, computed again", T * s.layer.held});
  rows.push_back({"its gradients", "of one layer's activations", T * s.layer.gradients});
  return rows;
}

std::uint64_t sum(const std::vector<PlanRow>& rows) {
  std::uint64_t n = 0;
  for (const PlanRow& r : rows) n += r.bytes;
  return n;
}

std::int64_t choose_tokens(const MemoryPlan& p, const PlanRequest& r) {
  const std::int64_t longest = std::max<std::int64_t>(1, r.longest), most = p.usual_tokens;
  if (r.pass_tokens > 0 || p.usable == 0) return most;
  const std::uint64_t room = p.usable > p.fixed ? (p.usable - p.fixed) / p.a_token : 0;
  return std::clamp(static_cast<std::int64_t>(std::min(room, u(most))), longest, most);
}

// Whatever memory there is.
std::int64_t usual_tokens(const PlanRequest& r) {
  const std::int64_t asked = r.pass_tokens > 0 ? r.pass_tokens : kUsualPass;
  return std::max({std::int64_t{1}, r.longest, r.tokens > 0 ? std::min(asked, r.tokens) : asked});
}

// Tokens of the longest chain that would fit.
std::int64_t most_tokens(const MemoryPlan& p) {
  return p.usable > p.fixed ? static_cast<std::int64_t>((p.usable - p.fixed) / p.a_token) : 0;
}

// ", and with --lora-rank 16 12.0 GiB" for each change that would fit.
std::string ways_out(const weightfile::ModelConfig& c, const PlanRequest& r) {
  std::vector<std::string> ways;
  PlanRequest changed = r;
  const auto attempt = [&](const std::string& flags) {
    const MemoryPlan p = plan_memory(c, changed);
    if (p.fits()) ways.push_back(flags + " needs " + format_bytes(p.total));
  };
  if (!r.bf16) changed.bf16 = true, attempt("--dtype bf16");
  if (r.reference && r.lora.rank == 0) changed = r, changed.reference = false, attempt("--kl 0");
  if (r.generates) changed = r, changed.generates = false, attempt("--val-generate 0");
  changed = r;
  if (r.lora.rank == 0) {
    changed.lora = {16, 32, {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}};
    attempt("--lora-rank 16");
    if (!r.bf16) changed.bf16 = true, attempt("--lora-rank 16 --dtype bf16");
  }
  const std::int64_t n = most_tokens(plan_memory(c, r)), prompt = r.longest - r.reply;
  if (r.reply == 0 && n >= 256) ways.push_back("--max-length " + std::to_string(n) + " leaves out what is longer");
  if (r.reply > 0 && n - prompt >= 64)
    ways.push_back("--max-tokens " + std::to_string(n - prompt) + " ends replies there");
  std::string out;
  for (const std::string& w : ways) out += (out.empty() ? ": " : "; ") + w;
  return out.empty() ? ": take a smaller model or a machine with more" : out;
}

}  // namespace

MemoryPlan plan_memory(const weightfile::ModelConfig& c, const PlanRequest& r) {
  const Sizes s = sizes_of(c, r);
  MemoryPlan p;
  p.parameters = s.numbers + (r.lora.rank > 0 ? s.n.lora : 0);
  p.trained = s.trained;
  p.rows = fixed_rows(c, r, s);
  p.fixed = sum(p.rows);
  p.a_token = sum(token_rows(c, s, 1, 0));
  p.a_kept_layer = s.layer.held;
  p.usable = r.free_bytes - r.free_bytes / kLeftAlone;
  p.usual_tokens = usual_tokens(r);
  p.pass_tokens = choose_tokens(p, r);
  const std::uint64_t least = p.fixed + u(p.pass_tokens) * p.a_token, most = r.free_bytes - r.free_bytes / kNeverKept;
  if (most > least) {
    const std::uint64_t layers = (most - least) / (u(p.pass_tokens) * p.a_kept_layer);
    p.kept_layers = static_cast<std::int64_t>(std::min(layers, u(c.layers)));
  }
  const std::vector<PlanRow> rows = token_rows(c, s, p.pass_tokens, p.kept_layers);
  p.rows.insert(p.rows.end(), rows.begin(), rows.end());
  p.total = sum(p.rows);
  return p;
}

Result<void> check_plan(const weightfile::ModelConfig& c, const PlanRequest& r) {
  PlanRequest least = r;
  least.pass_tokens = 1;  // one longest chain at once
  const MemoryPlan p = plan_memory(c, least);
  if (p.fits()) return {};
  return make_error(Exit::kResources, "no_memory",
                    std::string("training on one ") + (r.reply > 0 ? "rollout" : "chain") + " of " +
                        format_grouped(u(r.longest)) + " tokens needs " + format_bytes(p.total) + ", and of " +
                        format_bytes(r.free_bytes) + " that are free " + format_bytes(p.usable) + " can be used" +
                        ways_out(c, least));
}

std::string table(const MemoryPlan& p) {
  std::vector<PlanRow> rows = p.rows;
  const std::string tokens =
      format_grouped(u(p.pass_tokens)) + (p.pass_tokens == 1 ? " token" : " tokens") + " at once";
  rows.push_back({"together", tokens, p.total});
  if (p.usable > 0) rows.push_back({"usable", "of what is free", p.usable});
  std::size_t name = 0, figure = 0;
  for (const PlanRow& r : rows) {
    name = std::max(name, r.name.size());
    figure = std::max(figure, format_bytes(r.bytes).size());
  }
  std::string out;
  for (const PlanRow& r : rows) {
    const std::string bytes = format_bytes(r.bytes);
    out += r.name + std::string(name - r.name.size() + 2 + figure - bytes.size(), ' ') + bytes + "  " + r.of + "\n";
  }
  return out;
}

}  // namespace rm::tune
