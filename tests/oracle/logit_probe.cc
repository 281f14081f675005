// logit-probe: what a model says after given tokens. Token ids only; for comparisons with other programs.
//
//   logit-probe MODEL [--dtype D] [--blocks KIND] [--adapter DIR] [--threads N] [--chunk N] [--greedy N] [--out FILE] < LINES
//     --blocks qkv|o|gate_up|down|head: only these matrices keep the file's blocks, the others are bf16
//     in:  {"ids": [..], "rows": [positions whose log-probabilities are wanted]}   one object a line
//     out: {"greedy": [..]} a line on stdout; log-probabilities as little-endian f32 rows in FILE
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/model/load.h"
#include "tests/oracle/flags.h"

using namespace rm;

namespace {

struct Options {
  generate::EngineOptions engine;
  std::string out;
  unsigned blocks = model::kAllKinds;
  std::size_t chunk = 256, greedy = 0;
};

struct Prompt {
  std::vector<std::int32_t> ids;
  std::vector<std::int64_t> rows;
};

bool set_blocks(unsigned& blocks, std::string_view name) {
  constexpr std::pair<std::string_view, model::Kind> kKinds[] = {{"qkv", model::kQkv},
                                                                 {"o", model::kO},
                                                                 {"gate_up", model::kGateUp},
                                                                 {"down", model::kDown},
                                                                 {"head", model::kHead}};
  for (const auto& [known, value] : kKinds)
    if (known == name) return blocks = value, true;
  return false;
}

int fail(const Error& e) {
  std::fprintf(stderr, "logit-probe: %s\n", e.text().c_str());
  return static_cast<int>(e.exit);
}

Result<Prompt> read_prompt(json::Document& doc, const std::string& line) {
  RM_ASSIGN(const json::Value v, doc.parse(line));
  Prompt p;
  const auto list = [&](const char* key, auto& to) {
    if (const auto found = v.find(key))
      found->each_item([&](std::size_t, json::Value i) {
        to.push_back(static_cast<typename std::decay_t<decltype(to)>::value_type>(i.integer().value_or(0)));
      });
  };
  list("ids", p.ids);
  list("rows", p.rows);
  return p;
}

std::vector<std::int32_t> all_pages(std::size_t n, std::size_t first = 0) {
  std::vector<std::int32_t> pages(n);
  for (std::size_t i = 0; i < n; ++i) pages[i] = static_cast<std::int32_t>(first + i);
  return pages;
}

void write_log_probabilities(std::ofstream& out, std::span<const float> logits) {
  const float top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float l : logits) sum += std::exp(static_cast<double>(l - top));
  std::vector<float> row(logits.size());
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(logits[i] - top - std::log(sum));
  out.write(reinterpret_cast<const char*>(row.data()), static_cast<std::streamsize>(row.size() * sizeof(float)));
}

Result<void> answer(model::StepModel& m, const Options& o, const Prompt& p, std::ofstream& out) {
  const auto vocab = static_cast<std::size_t>(m.vocab());
  const std::size_t length = p.ids.size() + o.greedy, tokens = static_cast<std::size_t>(m.page_tokens());
  RM_TRY(m.allocate(static_cast<std::int64_t>((length + tokens - 1) / tokens)));
  const auto pages = all_pages((length + tokens - 1) / tokens);
  std::int32_t next = 0;
  for (std::size_t at = 0; at < p.ids.size(); at += o.chunk) {
    const std::size_t n = std::min(o.chunk, p.ids.size() - at);
    const model::Span s{static_cast<std::int64_t>(at), std::span(p.ids).subspan(at, n), pages, true, true};
    RM_ASSIGN(const auto logits, m.run(std::span(&s, 1), 0));
    for (const std::int64_t r : p.rows)
      if (r >= s.position && r < s.position + static_cast<std::int64_t>(n))
        write_log_probabilities(out, logits.subspan(static_cast<std::size_t>(r - s.position) * vocab, vocab));
    const auto last = logits.last(vocab);
    next = static_cast<std::int32_t>(std::max_element(last.begin(), last.end()) - last.begin());
  }
  std::printf("{\"greedy\":[");
  for (std::size_t i = 0; i < o.greedy; ++i) {
    std::printf(i ? ",%d" : "%d", next);
    const model::Span s{static_cast<std::int64_t>(p.ids.size() + i), std::span(&next, 1), pages, true, false};
    RM_ASSIGN(const auto logits, m.run(std::span(&s, 1), 0));
    next = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  std::printf("]}\n");
  return {};
}

Result<void> run(const Options& o) {
  RM_ASSIGN(const auto file, weightfile::WeightFile::open(o.engine.model));
  RM_ASSIGN(const auto m, model::load(*file, o.engine, o.blocks));
  std::ofstream out(o.out.empty() ? "/dev/null" : o.out, std::ios::binary);
  json::Document doc;
  for (std::string line; std::getline(std::cin, line);) {
    RM_ASSIGN(const Prompt p, read_prompt(doc, line));
    RM_TRY(answer(*m, o, p, out));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (argc < 2) return std::fprintf(stderr, "usage: logit-probe MODEL [options]; see the head of its source\n"), 2;
  o.engine.model = argv[1];
  o.engine.device = "cpu";
  const probe::Flags flags{{"--dtype", probe::set_text(o.engine.dtype)},
                           {"--blocks", [&](const char* value) { return set_blocks(o.blocks, value); }},
                           {"--adapter", probe::set_text(o.engine.adapter)},
                           {"--threads", probe::set_number(o.engine.threads)},
                           {"--chunk", probe::set_number(o.chunk)},
                           {"--greedy", probe::set_number(o.greedy)},
                           {"--out", probe::set_text(o.out)}};
  if (!probe::read_flags("logit-probe", argc, argv, 2, flags)) return 2;
  const auto r = run(o);
  return r ? 0 : fail(r.error());
}
