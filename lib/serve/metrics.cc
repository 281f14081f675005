#include "lib/serve/metrics.h"

#include <algorithm>

#include "lib/base/json.h"
#include "version.h"

namespace rm::serve {
namespace {

std::string number(double v) {
  std::string out;
  json::append_number(out, v);
  return out;
}

class Page {
 public:
  void family(const char* name, const char* type, const char* help) {
    name_ = name;
    text_ += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void value(const std::string& labels, const std::string& v, const char* suffix = "") {
    text_ += name_ + suffix + (labels.empty() ? "" : "{" + labels + "}") + " " + v + "\n";
  }
  void only(const char* name, const char* type, const char* help, const std::string& v) {
    family(name, type, help);
    value("", v);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_, text_;
};

// A label's value: quotes, backslashes and newlines escaped.
std::string label(const char* name, std::string_view value) {
  std::string out = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

bool unparsed(const records::Judgment& j) {
  if (j.ranking) return false;
  if (j.ratings) return std::none_of(j.ratings->begin(), j.ratings->end(), [](const auto& r) { return r.has_value(); });
  return !j.verdict;
}

}  // namespace

void Metrics::request(std::string_view route, int status, double seconds) {
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  const std::lock_guard lock(mutex_);
  ++requests_[{std::string(route), status}];
  ++buckets_[bucket];
  seconds_ += seconds;
}

void Metrics::judged(const records::Judgment& j) {
  ++judged_;
  if (unparsed(j)) ++unparsed_;
  if (j.verdict == "tie") ++ties_;
  samples_ += j.samples.size();
  for (const records::Sample& s : j.samples) {
    prompt_tokens_ += s.prompt_tokens;
    completion_tokens_ += s.completion_tokens;
  }
}

double Metrics::uptime() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

std::string Metrics::text(const Now& now) const {
  Page p;
  const auto whole = [](std::uint64_t v) { return std::to_string(v); };
  {
    const std::lock_guard lock(mutex_);
    p.family("rm_requests_total", "counter", "Requests answered, by route and HTTP status.");
    for (const auto& [key, n] : requests_)
      p.value(label("route", key.first) + "," + label("status", std::to_string(key.second)), whole(n));
    p.family("rm_request_seconds", "histogram", "Time from a complete request to the end of its reply.");
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i)
      p.value(label("le", number(kBounds[i])), whole(sum += buckets_[i]), "_bucket");
    p.value(label("le", "+Inf"), whole(sum += buckets_.back()), "_bucket");
    p.value("", number(seconds_), "_sum");
    p.value("", whole(sum), "_count");
  }
  p.only("rm_records_judged_total", "counter", "Records that got a judgment.", whole(judged_));
  p.only("rm_records_unparsed_total", "counter", "Judgments in which no verdict could be read.", whole(unparsed_));
  p.only("rm_records_tied_total", "counter", "Judgments that ended in a tie.", whole(ties_));
  p.only("rm_records_failed_total", "counter", "Records that could not be judged.", whole(failures_));
  p.only("rm_samples_total", "counter", "Traces the model wrote.", whole(samples_));
  p.family("rm_tokens_total", "counter", "Tokens read and written by the model.");
  p.value(label("kind", "prompt"), std::to_string(prompt_tokens_));
  p.value(label("kind", "completion"), std::to_string(completion_tokens_));
  p.only("rm_records_in_flight", "gauge", "Records with the model now.", whole(now.running));
  p.only("rm_records_queued", "gauge", "Records waiting for the model.", whole(now.waiting));
  p.only("rm_connections", "gauge", "Open connections.", whole(now.connections));
  p.only("rm_healthy", "gauge", "1 while the model answers.", now.healthy ? "1" : "0");
  p.only("rm_uptime_seconds", "counter", "Time since the server started.", number(uptime()));
  p.family("rm_build_info", "gauge", "Always 1; the labels say what runs.");
  p.value(label("version", RM_VERSION) + "," + label("model", now.model), "1");
  return p.take();
}

}  // namespace rm::serve
