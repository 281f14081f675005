#include "lib/generate/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <unordered_map>

#include "lib/base/escape.h"

namespace rm::generate {
namespace {

constexpr long kConnectMs = 10'000;
constexpr std::size_t kShown = 200;

Error broken(std::string_view what) {
  return make_error(Exit::kResources, "http", "the HTTP library failed: " + std::string(what));
}

bool start_curl() {
  static std::once_flag once;
  static bool good = false;
  std::call_once(once, [] { good = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; });
  return good;
}

struct FreeList {
  void operator()(curl_slist* l) const { curl_slist_free_all(l); }
};
using Headers = std::unique_ptr<curl_slist, FreeList>;

Result<Headers> request_headers(const std::string& key) {
  for (const char c : key) {
    if (static_cast<unsigned char>(c) < 0x21 || c == 0x7F) {
      return make_error(Exit::kUsage, "bad_key", "the API key holds white space or a control character");
    }
  }
  std::vector<std::string> lines = {"Content-Type: application/json", "Accept: application/json, text/event-stream",
                                    "Expect:"};
  if (!key.empty()) lines.push_back("Authorization: Bearer " + key);
  Headers list;
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return broken("out of memory");
    (void)list.release();
    list.reset(longer);
  }
  return list;
}

// One exchange; kept with its easy handle for the next.
struct Exchange {
  CURL* easy = nullptr;
  HttpCall call;
  HttpAnswer answer;
  std::size_t bytes = 0, most = 0;
  bool refused = false;  // on_body broke it off
  std::array<char, CURL_ERROR_SIZE> words{};
};

std::size_t on_write(char* data, std::size_t size, std::size_t count, void* user) {
  auto& x = *static_cast<Exchange*>(user);
  const std::size_t n = size * count;
  x.bytes += n;
  if (x.bytes > x.most) {
    x.answer.too_large = true;
    return 0;
  }
  if (x.call.on_body) {
    long status = 0;
    curl_easy_getinfo(x.easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) {
      x.refused = !x.call.on_body({data, n});
      return x.refused ? 0 : n;
    }
  }
  x.answer.body.append(data, n);
  return n;
}

// The value of a header line with this (lower-case) name, or nothing.
std::optional<std::string> header_value(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return std::nullopt;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if ((line[i] | 0x20) != name[i] && line[i] != name[i]) return std::nullopt;
  }
  const auto from = line.find_first_not_of(" \t", name.size() + 1);
  const auto to = line.find_last_not_of(" \t\r\n");
  if (from == line.npos || to < from) return std::string();
  return std::string(line.substr(from, to + 1 - from));
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& x = *static_cast<Exchange*>(user);
  const std::string_view line(data, size * count);
  if (auto v = header_value(line, "retry-after")) x.answer.retry_after = std::move(*v);
  if (auto v = header_value(line, "location")) x.answer.location = std::move(*v);
  return size * count;
}

// What stays the same over all uses of a handle.
bool set_up(Exchange& x, curl_slist* headers) {
  const auto set = [&x](CURLoption option, auto value) { return curl_easy_setopt(x.easy, option, value) == CURLE_OK; };
  const char* authorities = std::getenv("SSL_CERT_FILE");
  if (authorities != nullptr && *authorities != '\0' && !set(CURLOPT_CAINFO, authorities)) return false;
  return set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_PROTOCOLS_STR, "http,https") && set(CURLOPT_FOLLOWLOCATION, 0L) &&
         set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)) && set(CURLOPT_TCP_NODELAY, 1L) &&
         set(CURLOPT_TCP_KEEPALIVE, 1L) && set(CURLOPT_SSL_VERIFYPEER, 1L) && set(CURLOPT_SSL_VERIFYHOST, 2L) &&
         set(CURLOPT_HTTPHEADER, headers) && set(CURLOPT_ERRORBUFFER, x.words.data()) &&
         set(CURLOPT_WRITEFUNCTION, &on_write) && set(CURLOPT_WRITEDATA, static_cast<void*>(&x)) &&
         set(CURLOPT_HEADERFUNCTION, &on_header) && set(CURLOPT_HEADERDATA, static_cast<void*>(&x)) &&
         set(CURLOPT_PRIVATE, static_cast<void*>(&x)) && set(CURLOPT_USERAGENT, "rm-r1") &&
         set(CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
}

}  // namespace

struct HttpClient::Impl {
  HttpOptions options;
  CURLM* multi = nullptr;
  Headers headers;
  std::unordered_map<std::uint64_t, std::unique_ptr<Exchange>> running;
  std::vector<std::unique_ptr<Exchange>> idle;

  Result<std::unique_ptr<Exchange>> idle_exchange();
  bool prepare(Exchange& x);
  void retire(std::unique_ptr<Exchange> x);
  HttpAnswer finish(Exchange& x, CURLcode code);
};

Result<std::unique_ptr<Exchange>> HttpClient::Impl::idle_exchange() {
  if (!idle.empty()) {
    auto x = std::move(idle.back());
    idle.pop_back();
    return x;
  }
  auto x = std::make_unique<Exchange>();
  x->easy = curl_easy_init();
  x->most = options.max_bytes;
  if (x->easy != nullptr && set_up(*x, headers.get())) return x;
  if (x->easy != nullptr) curl_easy_cleanup(x->easy);
  return broken("no handle");
}

bool HttpClient::Impl::prepare(Exchange& x) {
  const auto set = [&x](CURLoption option, auto value) { return curl_easy_setopt(x.easy, option, value) == CURLE_OK; };
  const auto timeout = x.call.timeout.count() > 0 ? x.call.timeout : options.timeout;
  if (!set(CURLOPT_URL, x.call.url.c_str()) || !set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count())))
    return false;
  if (!x.call.body) return set(CURLOPT_HTTPGET, 1L);
  return set(CURLOPT_POST, 1L) && set(CURLOPT_POSTFIELDS, x.call.body->data()) &&
         set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(x.call.body->size()));
}

void HttpClient::Impl::retire(std::unique_ptr<Exchange> x) {
  curl_multi_remove_handle(multi, x->easy);
  x->call = {};
  x->answer = {};
  x->bytes = 0;
  x->refused = false;
  x->words[0] = '\0';
  idle.push_back(std::move(x));
}

HttpAnswer HttpClient::Impl::finish(Exchange& x, CURLcode code) {
  HttpAnswer answer = std::move(x.answer);
  answer.tag = x.call.tag;
  curl_easy_getinfo(x.easy, CURLINFO_RESPONSE_CODE, &answer.status);
  answer.untrusted = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
  if (code != CURLE_OK && !x.refused && !answer.too_large) {
    answer.failure = escape_text(x.words[0] != '\0' ? x.words.data() : curl_easy_strerror(code), kShown);
  }
  return answer;
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpClient::~HttpClient() {
  abort_all();
  for (const auto& x : impl_->idle) curl_easy_cleanup(x->easy);
  if (impl_->multi != nullptr) curl_multi_cleanup(impl_->multi);
}

Result<std::unique_ptr<HttpClient>> HttpClient::open(HttpOptions o) {
  if (!start_curl()) return broken("it does not start");
  auto m = std::make_unique<Impl>();
  m->options = std::move(o);
  RM_ASSIGN(m->headers, request_headers(m->options.api_key));
  m->multi = curl_multi_init();
  if (m->multi == nullptr) return broken("it does not start");
  curl_multi_setopt(m->multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl_multi_setopt(m->multi, CURLMOPT_MAXCONNECTS,
                    static_cast<long>(std::max<std::size_t>(m->options.connections, 1)));
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(m)));
}

Result<void> HttpClient::start(HttpCall call) {
  RM_ASSIGN(std::unique_ptr<Exchange> x, impl_->idle_exchange());
  x->call = std::move(call);
  if (!impl_->prepare(*x) || curl_multi_add_handle(impl_->multi, x->easy) != CURLM_OK) {
    curl_easy_cleanup(x->easy);
    return broken("a request cannot be set up");
  }
  const std::uint64_t tag = x->call.tag;
  impl_->running.emplace(tag, std::move(x));
  return {};
}

void HttpClient::abort(std::uint64_t tag) {
  const auto it = impl_->running.find(tag);
  if (it == impl_->running.end()) return;
  impl_->retire(std::move(it->second));
  impl_->running.erase(it);
}

void HttpClient::abort_all() {
  for (auto& entry : impl_->running) impl_->retire(std::move(entry.second));
  impl_->running.clear();
}

std::size_t HttpClient::running() const { return impl_->running.size(); }

Result<std::vector<HttpAnswer>> HttpClient::poll(std::chrono::milliseconds wait) {
  std::vector<HttpAnswer> answers;
  int alive = 0;
  // New requests go out and what has come in is taken before anything is waited for.
  for (int round = 0; round < 2 && answers.empty(); ++round) {
    if (round > 0 && curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(wait.count()), nullptr) != CURLM_OK) {
      return broken("it cannot wait");
    }
    if (curl_multi_perform(impl_->multi, &alive) != CURLM_OK) return broken("it cannot go on");
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(impl_->multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* user = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
      auto& x = *static_cast<Exchange*>(user);
      answers.push_back(impl_->finish(x, message->data.result));
      abort(answers.back().tag);
    }
  }
  return answers;
}

void HttpClient::wakeup() { curl_multi_wakeup(impl_->multi); }

Result<std::string> clean_base(const std::string& url) {
  const auto refuse = [&url](std::string_view why) {
    return make_error(Exit::kUsage, "bad_url", std::string(why),
                      url.find('@') == std::string::npos ? escape_text(url.substr(0, url.find_first_of("?#")), kShown)
                                                         : "the address");
  };
  if (!start_curl()) return broken("it does not start");
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return refuse("is no address; expected the base that ends in /v1, like http://localhost:8000/v1");
  }
  const auto has = [&parsed](CURLUPart part) {
    char* text = nullptr;
    const bool there = curl_url_get(parsed.get(), part, &text, 0) == CURLUE_OK && text != nullptr && *text != '\0';
    curl_free(text);
    return there;
  };
  if (has(CURLUPART_USER) || has(CURLUPART_PASSWORD)) {
    return make_error(Exit::kUsage, "bad_url",
                      "an address must hold no user or password; the key goes into OPENAI_API_KEY");
  }
  if (has(CURLUPART_QUERY) || has(CURLUPART_FRAGMENT))
    return refuse("holds a query or a fragment; expected the base that ends in /v1");
  if (!url.starts_with("http://") && !url.starts_with("https://")) return refuse("is neither http nor https");
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

}  // namespace rm::generate
