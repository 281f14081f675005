// endpoint-probe: conversations through an endpoint. One JSON object a line in, one out, in the order of completion.
//
//   in:  {"id"?: N, "messages": [{role, content}], "max_tokens"?, "temperature"?, "top_p"?, "seed"?, "logprobs"?, "prefill"?}
//   out: {"id", "text", "reasoning", "finish", "prompt_tokens", "completion_tokens"} or {"id", "error": {"code", "message"}}
// Requests are read as room is made. Prints requests a second and peak memory on standard error.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

#include "lib/base/json.h"
#include "lib/base/signals.h"
#include "lib/generate/endpoint.h"

using namespace rm;
using namespace rm::generate;

namespace {

constexpr const char* kUsage =
    "usage: endpoint-probe -m URL [-m URL ...] [--api-model NAME] [--max-inflight N] [--timeout S] [--dead-after S]\n"
    "                      [--stream] [--repeat N] [FILE]   (standard input without FILE; the key from "
    "OPENAI_API_KEY)\n";

struct Options {
  EndpointOptions endpoint;
  std::string file;
  std::int64_t repeat = 0;  // > 0: the first conversation, so often
};

bool parse(int argc, char** argv, Options& o) {
  for (int i = 1; i < argc; ++i) {
    const std::string a = argv[i];
    if (a == "--stream") {
      o.endpoint.stream = true;
    } else if (a[0] != '-') {
      o.file = a;
    } else if (i + 1 == argc) {
      return false;
    } else if (a == "-m") {
      o.endpoint.urls.emplace_back(argv[++i]);
    } else if (a == "--api-model") {
      o.endpoint.api_model = argv[++i];
    } else if (a == "--max-inflight") {
      o.endpoint.max_inflight = static_cast<std::size_t>(std::atoi(argv[++i]));
    } else if (a == "--timeout") {
      o.endpoint.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(1000 * std::atof(argv[++i])));
    } else if (a == "--dead-after") {
      o.endpoint.dead_after = std::chrono::milliseconds(static_cast<std::int64_t>(1000 * std::atof(argv[++i])));
    } else if (a == "--repeat") {
      o.repeat = std::atoll(argv[++i]);
    } else {
      return false;
    }
  }
  return !o.endpoint.urls.empty();
}

Request request(const json::Value& record, std::uint64_t number) {
  const auto at = [&record](const char* key) { return record.find(key).value_or(json::Value()); };
  Request r;
  r.id = at("id").unsigned_integer().value_or(number);
  for (const json::Value& m : at("messages").items()) {
    const auto text = [&m](const char* key) {
      return std::string(m.find(key).value_or(json::Value()).string().value_or(""));
    };
    r.messages.push_back({text("role"), text("content")});
  }
  r.max_tokens = at("max_tokens").integer().value_or(0);
  r.temperature = at("temperature").number().value_or(0);
  r.top_p = at("top_p").number().value_or(1);
  r.seed = at("seed").unsigned_integer().value_or(0);
  r.logprobs = at("logprobs").boolean().value_or(false);
  r.prefill = std::string(at("prefill").string().value_or(""));
  return r;
}

void write(const Reply& reply) {
  std::string line;
  json::Writer w(line);
  w.begin_object().member("id", reply.id);
  if (reply.error) {
    w.key("error").begin_object().member("code", std::string_view(reply.error->reason));
    w.member("message", std::string_view(reply.error->message)).end_object();
  } else {
    w.member("text", std::string_view(reply.text)).member("reasoning", std::string_view(reply.reasoning));
    w.member("finish", name(reply.finish)).member("prompt_tokens", reply.prompt_tokens);
    w.member("completion_tokens", reply.completion_tokens)
        .member("letters", static_cast<std::uint64_t>(reply.letters.size()));
  }
  w.end_object();
  std::cout << line << '\n';
}

int report(const Error& e) {
  std::fprintf(stderr, "endpoint-probe: %s\n", e.text().c_str());
  return static_cast<int>(e.exit);
}

// The next conversation of the input, or the first one again.
class Feed {
 public:
  Feed(std::istream& in, std::int64_t repeat) : in_(in), repeat_(repeat) {}
  bool next(Request& r) {
    if (repeat_ > 0 && number_ > 0) {
      r = first_;
      r.id = number_;
      return number_++ < static_cast<std::uint64_t>(repeat_);
    }
    std::string line;
    if (!std::getline(in_, line)) return false;
    const auto record = doc_.parse(line);
    r = record ? request(*record, number_) : Request{};
    first_ = r;
    ++number_;
    return record.ok();
  }

 private:
  std::istream& in_;
  std::int64_t repeat_;
  json::Document doc_;
  Request first_;
  std::uint64_t number_ = 0;
};

int run(const Options& o) {
  auto opened = open_endpoint(o.endpoint);
  if (!opened) return report(opened.error());
  Generator& g = **opened;
  std::ifstream file(o.file);
  Feed feed(o.file.empty() ? std::cin : file, o.repeat);
  const auto start = std::chrono::steady_clock::now();
  std::size_t asked = 0, failed = 0;
  bool more = true;
  while (!signals::stop_requested()) {
    for (Request r; more && g.in_flight() < g.capacity() && (more = feed.next(r)); ++asked) {
      if (auto submitted = g.submit(std::move(r)); !submitted) return report(submitted.error());
    }
    if (g.in_flight() == 0) break;
    auto replies = g.wait();
    if (!replies) return report(replies.error());
    for (const Reply& reply : *replies) {
      failed += reply.error ? 1 : 0;
      write(reply);
    }
  }
  std::cout << std::flush;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  std::fprintf(stderr,
               "endpoint-probe: %s: %zu requests, %zu failed, %.2f s, %.0f requests/s, CPU %.2f s, peak %.1f MiB\n",
               g.model_name().c_str(), asked, failed, seconds, static_cast<double>(asked) / seconds,
               static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                   static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
               static_cast<double>(use.ru_maxrss) / 1024);
  return static_cast<int>(signals::stop_exit());
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (const char* key = std::getenv("OPENAI_API_KEY")) o.endpoint.api_key = key;
  if (!parse(argc, argv, o)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  signals::install();
  return run(o);
}
