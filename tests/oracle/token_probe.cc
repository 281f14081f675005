// token-probe: runs token ids through an engine. One JSON object a line in, one out, in the order of the input.
//
//   in:  {"id"?: any, "prompt": [ids], "forced"?: [ids], "watch"?: [ids], "stop"?: [ids], "max_tokens"?: 256,
//         "temperature"?: 0, "top_p"?: 1, "seed"?: 0}
//   out: {"id", "tokens": [ids], "logprobs": [..], "argmax": [ids], "watched": [[..], ..], "finish":
//   "stop|length|cancelled"}
//        or {"id", "error": {"code", "message"}} for a request the engine refuses
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "lib/base/json.h"
#include "lib/base/signals.h"
#include "lib/generate/local.h"

using namespace rm;
using namespace rm::generate;

namespace {

constexpr const char* kUsage =
    "usage: token-probe --model PATH [--adapter DIR] [--device cpu] [--dtype auto] [--threads N] [--batch N] "
    "[--context N]\n"
    "                   [--deterministic] [--stats] [FILE]   (standard input without FILE)\n";

struct Options {
  EngineOptions engine;
  std::string file;
  bool stats = false;
};

struct Item {
  std::string id = "null";
  std::vector<TokenEvent> events;
  std::optional<Finish> finish;
  std::optional<Error> error;
};

bool parse(int argc, char** argv, Options& o) {
  const std::map<std::string, std::string*> texts = {{"--model", &o.engine.model},
                                                     {"--adapter", &o.engine.adapter},
                                                     {"--device", &o.engine.device},
                                                     {"--dtype", &o.engine.dtype}};
  o.engine.device = "cpu";
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--deterministic") {
      o.engine.deterministic = true;
    } else if (a == "--stats") {
      o.stats = true;
    } else if (a.rfind("--", 0) != 0) {
      o.file = a;
    } else if (i + 1 == argc) {
      return false;
    } else if (const auto t = texts.find(a); t != texts.end()) {
      *t->second = argv[++i];
    } else if (a == "--threads") {
      o.engine.threads = std::atoi(argv[++i]);
    } else if (a == "--batch") {
      o.engine.batch = std::atoi(argv[++i]);
    } else if (a == "--context") {
      o.engine.context = std::atoll(argv[++i]);
    } else {
      return false;
    }
  }
  return !o.engine.model.empty();
}

std::vector<std::int32_t> ids(const json::Value& record, const char* key) {
  std::vector<std::int32_t> out;
  if (const auto list = record.find(key)) {
    list->each_item(
        [&out](std::size_t, json::Value v) { out.push_back(static_cast<std::int32_t>(v.integer().value_or(-1))); });
  }
  return out;
}

double number(const json::Value& record, const char* key, double otherwise) {
  const auto v = record.find(key);
  return v ? v->number().value_or(otherwise) : otherwise;
}

TokenRequest request(const json::Value& record, SequenceId id) {
  TokenRequest r;
  r.id = id;
  r.prompt = ids(record, "prompt");
  r.forced = ids(record, "forced");
  r.watch = ids(record, "watch");
  r.stop = ids(record, "stop");
  r.max_tokens = static_cast<std::int64_t>(number(record, "max_tokens", 256));
  r.temperature = number(record, "temperature", 0);
  r.top_p = number(record, "top_p", 1);
  if (const auto seed = record.find("seed")) r.seed = seed->unsigned_integer().value_or(0);
  return r;
}

void write(const Item& item) {
  std::string line;
  json::Writer w(line);
  w.begin_object().key("id").raw(item.id);
  if (item.error) {
    w.key("error").begin_object().member("code", std::string_view(item.error->reason));
    w.member("message", std::string_view(item.error->message)).end_object();
  } else {
    w.key("tokens").begin_array();
    for (const TokenEvent& e : item.events) w.value(static_cast<std::int64_t>(e.token));
    w.end_array().key("logprobs").begin_array();
    for (const TokenEvent& e : item.events) w.value(static_cast<double>(e.logprob));
    w.end_array().key("argmax").begin_array();
    for (const TokenEvent& e : item.events) w.value(static_cast<std::int64_t>(e.argmax));
    w.end_array().key("watched").begin_array();
    for (const TokenEvent& e : item.events) {
      w.begin_array();
      for (const float x : e.watched) w.value(static_cast<double>(x));
      w.end_array();
    }
    w.end_array().key("finish");
    w.value(*item.finish == Finish::kStop ? "stop" : *item.finish == Finish::kLength ? "length" : "cancelled");
  }
  w.end_object();
  std::cout << line << '\n' << std::flush;
}

int report(const Error& e) {
  std::fprintf(stderr, "token-probe: %s\n", e.text().c_str());
  return static_cast<int>(e.exit);
}

void print_stats(const TokenEngine& engine, std::size_t sequences, double opened) {
  const EngineInfo i = engine.info();
  const EngineStats s = engine.stats();
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  std::fprintf(
      stderr,
      "token-probe: %s %s %s, batch %d, context %lld, cache %.0f MB, opened in %.1f s\n"
      "  %zu sequences: %lld prompt tokens computed, %lld shared; %lld reply tokens, %.1f a decode step; %lld put "
      "back\n"
      "  %.2f s: model %.2f, sampling %.2f, rest %.3f; %.1f tokens/s computed, %.1f reply tokens/s; peak %.0f MB\n",
      i.device.c_str(), i.dtype.c_str(), i.isa.c_str(), i.batch, static_cast<long long>(i.context), i.cache_bytes / 1e6,
      opened, sequences, static_cast<long long>(s.prefill_tokens), static_cast<long long>(s.shared_tokens),
      static_cast<long long>(s.decode_tokens),
      s.decode_steps > 0 ? static_cast<double>(s.decode_tokens) / static_cast<double>(s.decode_steps) : 0.0,
      static_cast<long long>(s.preempted), s.seconds, s.model_seconds, s.sample_seconds,
      s.seconds - s.model_seconds - s.sample_seconds,
      static_cast<double>(s.prefill_tokens + s.decode_tokens) / s.seconds,
      static_cast<double>(s.decode_tokens) / s.seconds, static_cast<double>(use.ru_maxrss) / 1e3);
}

Result<void> submit_all(std::istream& in, TokenEngine& engine, std::vector<Item>& items) {
  json::Document doc;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    items.emplace_back();
    const auto record = doc.parse(line);
    if (!record) {
      items.back().error = record.error();
      continue;
    }
    if (const auto id = record->find("id")) items.back().id = id->dump();
    if (auto done = engine.submit(request(*record, items.size() - 1)); !done) items.back().error = done.error();
  }
  return {};
}

int run(const Options& o) {
  const auto start = std::chrono::steady_clock::now();
  auto engine = open_engine(o.engine);
  if (!engine) return report(engine.error());
  const double opened = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::ifstream file(o.file);
  std::vector<Item> items;
  if (auto done = submit_all(o.file.empty() ? std::cin : file, **engine, items); !done) return report(done.error());
  std::size_t next = 0;
  const auto flush = [&] {
    for (; next < items.size() && (items[next].finish || items[next].error); ++next) write(items[next]);
  };
  while ((*engine)->alive() > 0 && !signals::stop_requested()) {
    auto events = (*engine)->step();
    if (!events) return report(events.error());
    for (TokenEvent& e : *events) {
      Item& item = items[e.id];
      item.finish = e.finish;
      if (e.token >= 0) item.events.push_back(std::move(e));
    }
    flush();
  }
  flush();
  if (o.stats) print_stats(**engine, items.size(), opened);
  return static_cast<int>(signals::stop_exit());
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (!parse(argc, argv, o)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  signals::install();
  return run(o);
}
