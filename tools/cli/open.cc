#include "tools/cli/open.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>

#include "lib/base/fd.h"
#include "lib/base/limits.h"
#include "lib/generate/batch_file.h"
#include "lib/generate/endpoint.h"
#include "lib/generate/local.h"
#include "tools/cli/report.h"

namespace rm::cli {
namespace {

generate::EngineOptions engine_options(const Model& m, std::string model) {
  generate::EngineOptions e;
  e.model = std::move(model);
  e.adapter = m.adapter;
  e.device = m.device;
  e.dtype = m.dtype;
  e.threads = static_cast<int>(m.threads);
  e.batch = static_cast<int>(m.batch);
  if (m.draft >= 0) e.draft = static_cast<int>(m.draft);
  e.context = m.context;
  e.deterministic = m.deterministic;
  return e;
}

struct Given {
  const char* flag;
  bool given;
};

// A flag that would do nothing is refused, so that nobody takes it for done.
Result<void> refuse(std::initializer_list<Given> flags, const char* why) {
  for (const Given& g : flags) {
    if (g.given) return usage(why, g.flag);
  }
  return {};
}

Result<void> no_local_flags(const Model& m, const char* why) {
  return refuse({{"--deterministic", m.deterministic},
                 {"--adapter", !m.adapter.empty()},
                 {"--device", m.device != "auto"},
                 {"--dtype", m.dtype != "auto"},
                 {"--threads", m.threads > 0},
                 {"--batch", m.batch > 0},
                 {"--draft", m.draft >= 0},
                 {"--context", m.context > 0},
                 {"--chat", !m.chat.empty()}},
                why);
}

Result<void> no_server_flags(const Model& m, const char* why) {
  return refuse({{"--timeout", m.timeout.has_value()}, {"--max-inflight", m.max_inflight > 0}}, why);
}

Result<std::unique_ptr<generate::Generator>> open_servers(const Model& m, std::vector<std::string> urls, bool stream) {
  RM_TRY(no_local_flags(m, "is for a model that runs here; a server has its own way"));
  generate::EndpointOptions e;
  e.urls = std::move(urls);
  e.api_model = m.api_model;
  if (m.max_inflight > 0) e.max_inflight = static_cast<std::size_t>(m.max_inflight);
  e.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(m.timeout.value_or(600) * 1000));
  e.stream = stream;
  if (const char* key = std::getenv("OPENAI_API_KEY")) e.api_key = key;
  return generate::open_endpoint(std::move(e));
}

}  // namespace

bool is_url(const std::string& model) { return model.starts_with("http://") || model.starts_with("https://"); }

Result<std::vector<std::string>> expand_models(const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (const std::string& m : given) {
    if (!m.starts_with('@')) {
      out.push_back(m);
      continue;
    }
    RM_ASSIGN(const std::string text, fd::read_file(m.substr(1), limits::kConfigBytes, Exit::kUsage));
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      std::string line = text.substr(at, end - at);
      at = end + 1;
      line.erase(0, std::min(line.find_first_not_of(" \t\r"), line.size()));
      line.erase(line.find_last_not_of(" \t\r") + 1);
      if (!line.empty() && line.front() != '#') out.push_back(std::move(line));
    }
  }
  return out;
}

Result<std::unique_ptr<generate::Generator>> open_generator(const Model& m, bool stream,
                                                            const std::function<void(const std::string&)>& notice) {
  if (!m.from_batch.empty()) {
    if (!m.models.empty()) return usage("the replies are in the file; -m has no use beside it", "--from-batch");
    constexpr const char* kWhy = "has no use beside --from-batch, whose replies are there already";
    RM_TRY(no_local_flags(m, kWhy));
    RM_TRY(no_server_flags(m, kWhy));
    RM_ASSIGN(generate::Batch batch, generate::open_batch(m.from_batch, m.api_model));
    if (batch.counts.damaged > 0 && notice) {
      notice(batch.counts.first_damage + ": " + std::to_string(batch.counts.damaged) +
             " lines of the batch cannot be read; their records will fail");
    }
    return std::move(batch.generator);
  }
  RM_ASSIGN(std::vector<std::string> models, expand_models(m.models));
  if (models.empty()) {
    RM_ASSIGN(std::string one, generate::default_model());
    models.push_back(std::move(one));
  }
  if (std::ranges::all_of(models, is_url)) return open_servers(m, std::move(models), stream);
  if (models.size() > 1) return usage("several models share work only as URLs of servers", "-m");
  if (!m.api_model.empty()) return usage("names a model of a server; -m is no URL", "--api-model");
  RM_TRY(no_server_flags(m, "is for servers; -m is no URL"));
  return generate::open_local({engine_options(m, models.front()), m.chat});
}

}  // namespace rm::cli
