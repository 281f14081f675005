// rates-probe: tokens a second of a model's forward steps, without engine, tokenizer or sampling.
//
//   rates-probe MODEL [--prefill N,..] [--chunk N] [--decode BATCH,..] [--context N] [--shared N] [--rounds N]
//                     [--dtype D] [--threads N] [--ceilings 1]
//     prefill: one prompt of N tokens in chunks. decode: one token of each of BATCH sequences that hold --context tokens, of which
//     the first --shared lie in the same pages. One line of JSON a figure; the median of the rounds, and the best.
//
//     ceilings: what the machine gives to others' code: bytes read a second from memory, and operations a second of the tensor
//     library's product of bytes (at::_int_mm, oneDNN's) for 256 rows of a 1.5B model's gate.
//
// The cache of the decoding runs holds one real position a page and zeros between: every byte is read as it would be, and no
// kernel's time hangs on values.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>

#include "lib/model/load.h"
#include "lib/ops/cpu/pool.h"
#include "tests/oracle/flags.h"

using namespace rm;

namespace {

using Count = std::int64_t;

struct Options {
  generate::EngineOptions engine;
  std::vector<Count> prefill{512, 2048}, decode{1, 4, 8, 16, 32};
  Count chunk = 256, context = 1500, shared = 0;
  int rounds = 7;
  bool ceilings = false;
};

std::vector<Count> list(std::string_view text) {
  std::vector<Count> values;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    values.push_back(std::atol(std::string(text.substr(at, end - at)).c_str()));
    at = end + 1;
  }
  return values;
}

// Seconds of each round, sorted.
template <class F>
Result<std::vector<double>> time_rounds(int rounds, F round) {
  std::vector<double> seconds;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    RM_TRY(round());
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds;
}

void show(const char* what, Count tokens, const std::vector<double>& seconds, const std::string& rest) {
  const auto rate = [&](double s) { return static_cast<double>(tokens) / s; };
  std::printf("{\"what\":\"%s\",\"tokens\":%ld,%s,\"median_tok_s\":%.1f,\"best_tok_s\":%.1f}\n", what, long(tokens),
              rest.c_str(), rate(seconds[seconds.size() / 2]), rate(seconds.front()));
  std::fflush(stdout);
}

std::vector<std::int32_t> pages_from(Count first, Count n) {
  std::vector<std::int32_t> pages(static_cast<std::size_t>(n));
  for (Count i = 0; i < n; ++i) pages[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(first + i);
  return pages;
}

Result<void> prefill(model::StepModel& m, Count length, const Options& o) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(length));
  for (Count i = 0; i < length; ++i)
    ids[static_cast<std::size_t>(i)] = static_cast<std::int32_t>((i * 7919 + 11) % m.vocab());
  const auto pages = pages_from(0, length / m.page_tokens() + 1);
  RM_ASSIGN(const auto seconds, time_rounds(o.rounds, [&]() -> Result<void> {
              for (Count at = 0; at < length; at += o.chunk) {
                const Count n = std::min(o.chunk, length - at);
                const auto tokens = std::span(ids).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(n));
                const model::Span s{at, tokens, pages, at + n == length, false};
                RM_TRY(m.run(std::span(&s, 1), 0));
              }
              return {};
            }));
  show("prefill", length, seconds, "\"chunk\":" + std::to_string(o.chunk));
  return {};
}

// The pages of a sequence: the shared ones, then its own.
std::vector<std::int32_t> pages_of(Count index, Count shared, Count each) {
  auto pages = pages_from(0, shared);
  const auto own = pages_from(shared + index * (each - shared), each - shared);
  pages.insert(pages.end(), own.begin(), own.end());
  return pages;
}

Result<void> decode(model::StepModel& m, Count batch, const Options& o) {
  const Count width = m.page_tokens(), each = o.context / width + 1, shared = o.shared / width;
  std::vector<std::int32_t> ids(static_cast<std::size_t>(batch));
  std::vector<std::vector<std::int32_t>> pages;
  std::vector<model::Span> fill, step;
  for (Count i = 0; i < batch; ++i) {
    ids[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(100 + i);
    pages.push_back(pages_of(i, shared, each));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::span<const std::int32_t> token(&ids[i], 1);
    for (Count p = i == 0 ? 0 : shared; p < each; ++p) {
      fill.push_back({p * width, token, pages[i], false, false});
      if (fill.size() < 256) continue;
      RM_TRY(m.run(fill, 0));
      fill.clear();
    }
    step.push_back({o.context, token, pages[i], true, false});
  }
  if (!fill.empty()) RM_TRY(m.run(fill, 0));
  RM_ASSIGN(const auto seconds, time_rounds(o.rounds, [&]() -> Result<void> {
              RM_TRY(m.run(step, 0));
              return {};
            }));
  show("decode", batch, seconds,
       "\"weight_bytes\":" + std::to_string(m.weight_bytes()) + ",\"context\":" + std::to_string(o.context) +
           ",\"shared\":" + std::to_string(shared * width));
  return {};
}

Result<void> ceilings(const Options& o) {
  const c10::InferenceMode inference;
  const at::Tensor memory = at::ones({64 << 20}, at::kLong);  // 512 MiB, more than any cache
  const auto* words = memory.const_data_ptr<std::int64_t>();
  std::atomic<std::int64_t> sum{0};  // so that nothing is left out
  RM_ASSIGN(const auto read, time_rounds(o.rounds, [&]() -> Result<void> {
              ops::cpu::parallel_ranges(memory.numel(), 1 << 18, [&](Count begin, Count end) {
                std::int64_t s = 0;
                for (Count i = begin; i < end; ++i) s += words[i];
                sum += s;
              });
              return {};
            }));
  constexpr Count kRows = 256, kIn = 1536, kOut = 8960;
  const at::Tensor a = at::randint(-127, 127, {kRows, kIn}).to(at::kChar);
  const at::Tensor b = at::randint(-127, 127, {kOut, kIn}).to(at::kChar).t();
  RM_ASSIGN(const auto product, time_rounds(3 * o.rounds, [&]() -> Result<void> {
              sum += at::_int_mm(a, b).size(0);
              return {};
            }));
  const auto rate = [](double n, const std::vector<double>& seconds) { return n / seconds.front() / 1e9; };
  std::printf("{\"what\":\"ceilings\",\"read_gb_s\":%.1f,\"int8_gop_s\":%.0f}\n",
              rate(static_cast<double>(memory.nbytes()), read), rate(2.0 * kRows * kIn * kOut, product));
  return {};
}

Result<void> run(const Options& o) {
  RM_ASSIGN(const auto file, weightfile::WeightFile::open(o.engine.model));
  RM_ASSIGN(const auto m, model::load(*file, o.engine));
  std::fprintf(stderr, "rates-probe: %s, %s, %.2f GB of weights\n", m->isa().c_str(), m->dtype().c_str(),
               static_cast<double>(m->weight_bytes()) / 1e9);
  Count most = 0;
  for (const Count n : o.prefill) most = std::max(most, n / m->page_tokens() + 1);
  for (const Count n : o.decode) most = std::max(most, n * (o.context / m->page_tokens() + 1));
  RM_TRY(m->allocate(most));
  if (o.ceilings) RM_TRY(ceilings(o));
  for (const Count n : o.prefill) RM_TRY(prefill(*m, n, o));
  for (const Count n : o.decode) RM_TRY(decode(*m, n, o));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (argc < 2) return std::fprintf(stderr, "usage: rates-probe MODEL [options]; see the head of its source\n"), 2;
  o.engine.model = argv[1];
  o.engine.device = "cpu";
  const auto set_list = [](std::vector<Count>& to) {
    return [&to](const char* value) { return to = list(value), !to.empty(); };
  };
  const probe::Flags flags{
      {"--prefill", set_list(o.prefill)},           {"--decode", set_list(o.decode)},
      {"--chunk", probe::set_number(o.chunk)},      {"--context", probe::set_number(o.context)},
      {"--shared", probe::set_number(o.shared)},    {"--rounds", probe::set_number(o.rounds)},
      {"--dtype", probe::set_text(o.engine.dtype)}, {"--threads", probe::set_number(o.engine.threads)},
      {"--ceilings", probe::set_number(o.ceilings)}};
  if (!probe::read_flags("rates-probe", argc, argv, 2, flags)) return 2;
  o.rounds = std::max(1, o.rounds);
  const auto r = run(o);
  if (r) return 0;
  std::fprintf(stderr, "rates-probe: %s\n", r.error().text().c_str());
  return static_cast<int>(r.error().exit);
}
