// The endpoint against a scripted server on the loopback: what is retried, what is refused, what ends a run, and whose
// reply is whose.
#include <doctest/doctest.h>

#include <map>
#include <thread>

#include "lib/base/signals.h"
#include "lib/generate/endpoint.h"
#include "tests/lib/generate/scripted_server.h"

using namespace rm;
using namespace rm::generate;
using std::chrono::milliseconds;
using tests::ScriptedServer;

namespace {

Request ask(std::uint64_t id, const std::string& prompt) {
  Request r;
  r.id = id;
  r.messages = {{"system", "Judge."}, {"user", prompt}};
  return r;
}

EndpointOptions options(const std::vector<std::string>& urls, const std::string& model = "scripted") {
  EndpointOptions o;
  o.urls = urls;
  o.api_model = model;
  o.timeout = milliseconds(5000);
  o.dead_after = milliseconds(1500);
  return o;
}

std::unique_ptr<Generator> open(const EndpointOptions& o) {
  auto opened = open_endpoint(o);
  REQUIRE_MESSAGE(opened.ok(), opened.error().text());
  return std::move(*opened);
}

// All replies by id; the Error that ended waiting, if one did.
struct Outcome {
  std::map<std::uint64_t, Reply> replies;
  std::size_t repeated = 0;
  std::optional<Error> fatal;
};

Outcome drain(Generator& g) {
  Outcome out;
  while (g.in_flight() > 0) {
    auto some = g.wait();
    if (!some) {
      out.fatal = some.error();
      return out;
    }
    for (Reply& r : *some) out.repeated += out.replies.emplace(r.id, r).second ? 0 : 1;
  }
  return out;
}

Reply one(const EndpointOptions& o, const Request& r) {
  auto g = open(o);
  REQUIRE(g->submit(r).ok());
  Outcome out = drain(*g);
  REQUIRE_MESSAGE(!out.fatal, out.fatal->text());
  REQUIRE(out.replies.size() == 1);
  return out.replies.begin()->second;
}

Error fatal(const EndpointOptions& o) {
  auto g = open(o);
  REQUIRE(g->submit(ask(1, "x")).ok());
  const Outcome out = drain(*g);
  REQUIRE(out.fatal);
  CHECK(g->wait().error().message == out.fatal->message);  // and says so again
  return *out.fatal;
}

}  // namespace

TEST_CASE("every request gets its own reply, once, whatever goes wrong on the way") {
  ScriptedServer server({"--fail", "0.3", "--retry-after", "0.05"});
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    EndpointOptions o = options({server.url()});
    o.stream = stream;
    auto g = open(o);
    for (std::uint64_t i = 0; i < 200; ++i) {
      REQUIRE(g->submit(ask(i, "question " + std::to_string(i) + (stream ? " streamed" : ""))).ok());
    }
    CHECK(g->in_flight() == 200);
    const Outcome out = drain(*g);
    REQUIRE_MESSAGE(!out.fatal, out.fatal->text());
    CHECK(out.replies.size() == 200);
    CHECK(out.repeated == 0);
    for (const auto& [id, got] : out.replies) {
      const Reply& reply = got;
      CAPTURE(reply.text);
      CHECK_FALSE(reply.error);
      CHECK(reply.text.ends_with(" question " + std::to_string(id) + (stream ? " streamed" : "")));
      CHECK(reply.completion_tokens > 0);
      CHECK(reply.prompt_tokens == 7);
    }
  }
}

TEST_CASE("what one request suffers ends that request and no other") {
  ScriptedServer server({"--huge", "200000"});
  struct Row {
    const char* prompt;
    FinishReason finish;
    const char* reason;  // nullptr: no error
    Exit exit;
    const char* words;
  };
  for (const Row& r : {
           Row{"plain", FinishReason::kStop, nullptr, {}, ""},
           Row{"#length", FinishReason::kLength, nullptr, {}, ""},
           Row{"#filter", FinishReason::kError, "content_filter", Exit::kInput, "filter"},
           Row{"#status=400 #say=bad temperature", FinishReason::kError, "refused", Exit::kInput, "bad temperature"},
           Row{"#status=422 #say=line\x1b[31m", FinishReason::kError, "refused", Exit::kInput, "line\\x1b[31m"},
           Row{"#status=400 #say=This model's maximum context length is 4096 tokens", FinishReason::kError, "too_long",
               Exit::kInput, "context length"},
           Row{"#status=413", FinishReason::kError, "too_long", Exit::kInput, "413"},
           Row{"#huge", FinishReason::kError, "reply_too_large", Exit::kInput, "cut off"},
           Row{"#status=503 #say=sorry", FinishReason::kError, "endpoint", Exit::kUnavailable, "3 attempts"},
           Row{"#status=408", FinishReason::kError, "endpoint", Exit::kUnavailable, "408"},
           Row{"#garbage", FinishReason::kError, "endpoint", Exit::kUnavailable, "not JSON"},
       }) {
    CAPTURE(r.prompt);
    EndpointOptions o = options({server.url()});
    o.max_reply_bytes = 100'000;
    o.attempts = 3;
    const Reply reply = one(o, ask(5, r.prompt));
    CHECK(reply.id == 5);
    CHECK(reply.finish == r.finish);
    REQUIRE(reply.error.has_value() == (r.reason != nullptr));
    if (!reply.error) continue;
    CAPTURE(reply.error->message);
    CHECK(reply.error->reason == r.reason);
    CHECK(reply.error->exit == r.exit);
    CHECK(reply.error->message.find(r.words) != std::string::npos);
  }
}

TEST_CASE("a time-out is tried again") {
  ScriptedServer server;
  EndpointOptions o = options({server.url()});
  o.timeout = milliseconds(150);
  o.attempts = 2;
  const Reply reply = one(o, ask(1, "#hang"));
  REQUIRE(reply.error);
  CHECK(reply.error->reason == "endpoint");
}

TEST_CASE("the reply's parts: thought, letters, prefill") {
  ScriptedServer server;
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    EndpointOptions o = options({server.url()});
    o.stream = stream;
    Request r = ask(1, "#thought about A");
    r.logprobs = true;
    r.prefill = "So: ";
    std::string shown;
    r.on_text = [&shown](std::string_view t) { shown += t; };
    const Reply reply = one(o, r);
    CHECK(reply.reasoning == "thinking");
    CHECK(reply.text.starts_with("So: <answer>[["));
    CHECK("So: " + shown == reply.text);
    REQUIRE(reply.letters.size() >= 2);
    CHECK(reply.letters[0].byte == std::string("So: <answer>[[").size());
    for (const LetterProb& l : reply.letters) {
      const bool is_a = reply.text[l.byte] == 'A';
      CHECK((is_a || reply.text[l.byte] == 'B'));
      CHECK((is_a ? l.logprob_a : l.logprob_b) == -0.25);
      CHECK((is_a ? l.logprob_b : l.logprob_a) == -1.5);
    }
  }
}

TEST_CASE("what no request can survive ends the run with one clear line") {
  ScriptedServer server({"--model", "big", "--model", "small", "--key", "right"});
  ScriptedServer silent({"--no-models"});
  EndpointOptions o = options({server.url()}, "huge");
  o.api_key = "right";
  Error e = fatal(o);
  CHECK(e.exit == Exit::kModel);
  CHECK(e.text() == server.url() + ": has no model \"huge\"; it offers big, small (--api-model)");

  o.api_key = "sk-secret";
  e = fatal(o);
  CHECK(e.exit == Exit::kUnavailable);
  CHECK(e.reason == "key_refused");
  CHECK(e.message == "the server refused the key (status 401): set OPENAI_API_KEY");
  o.api_key = "";
  CHECK(fatal(o).message.find("wants a key") != std::string::npos);
  o.api_model = "";
  CHECK(fatal(o).reason == "key_refused");

  o = options({silent.url("/v2")});
  CHECK(fatal(o).exit == Exit::kUsage);
  o = options({silent.url("/moved")});
  CHECK(fatal(o).message.find("redirects to http://elsewhere.invalid/v1") != std::string::npos);
  o = options({silent.url()}, "");
  CHECK(fatal(o).message.find("--api-model") != std::string::npos);
}

TEST_CASE("a 403 is about the key before the first reply, and about the prompt after it") {
  ScriptedServer server;
  auto g = open(options({server.url()}));
  REQUIRE(g->submit(ask(1, "fine")).ok());
  CHECK(drain(*g).replies.size() == 1);
  REQUIRE(g->submit(ask(2, "#status=403 #say=flagged")).ok());
  Outcome out = drain(*g);
  REQUIRE(out.replies.size() == 1);
  CHECK(out.replies[2].error->reason == "refused");
  auto fresh = open(options({server.url()}));
  REQUIRE(fresh->submit(ask(2, "#status=403 #say=flagged")).ok());
  out = drain(*fresh);
  REQUIRE(out.fatal);
  CHECK(out.fatal->message.find("(status 403: flagged): set OPENAI_API_KEY") != std::string::npos);
}

TEST_CASE("a server that is not there ends the run after dead_after, and not before") {
  std::string url;
  {
    ScriptedServer gone;
    url = gone.url();
  }
  for (const char* model : {"scripted", ""}) {
    CAPTURE(model);
    const auto start = std::chrono::steady_clock::now();
    EndpointOptions o = options({url}, model);
    auto g = open(o);
    for (std::uint64_t i = 0; i < 8; ++i) REQUIRE(g->submit(ask(i, "x")).ok());
    const Outcome out = drain(*g);
    REQUIRE(out.fatal);
    CHECK(out.fatal->exit == Exit::kUnavailable);
    CHECK(out.fatal->message.find("onnect") != std::string::npos);
    CHECK(out.replies.empty());
    const auto waited = std::chrono::steady_clock::now() - start;
    CHECK(waited >= o.dead_after);
    CHECK(waited < o.dead_after + milliseconds(1500));
  }
}

TEST_CASE("without a name the server's first model is used") {
  ScriptedServer server({"--model", "first", "--model", "second"});
  auto g = open(options({server.url("/v1/")}, ""));
  CHECK(g->model_name().empty());
  REQUIRE(g->submit(ask(1, "x")).ok());
  CHECK(drain(*g).replies.size() == 1);
  CHECK(g->model_name() == "first");
}

TEST_CASE("a pool goes on when one of its servers dies") {
  ScriptedServer stays({"--delay", "0.02"});
  ScriptedServer dies({"--delay", "0.02"});
  EndpointOptions o = options({stays.url(), dies.url()});
  o.max_inflight = 16;
  auto g = open(o);
  for (std::uint64_t i = 0; i < 150; ++i) REQUIRE(g->submit(ask(i, "pool " + std::to_string(i))).ok());
  Outcome out;
  while (g->in_flight() > 0) {
    auto some = g->wait();
    REQUIRE(some.ok());
    for (Reply& r : *some) out.replies.emplace(r.id, r);
    if (out.replies.size() >= 40) dies.end();
  }
  CHECK(out.replies.size() == 150);
  for (const auto& [id, reply] : out.replies) CHECK_FALSE(reply.error);
}

TEST_CASE("cancelled requests have no reply; nudged and stopped waits return") {
  ScriptedServer server;
  auto g = open(options({server.url()}));
  REQUIRE(g->submit(ask(1, "#hang")).ok());
  REQUIRE(g->submit(ask(2, "quick")).ok());
  auto first = g->wait();
  REQUIRE(first.ok());
  REQUIRE(first->size() == 1);
  CHECK(first->front().id == 2);

  const auto start = std::chrono::steady_clock::now();
  std::thread other([&g] {
    std::this_thread::sleep_for(milliseconds(50));
    g->nudge();
  });
  CHECK(g->wait()->empty());
  other.join();
  CHECK(std::chrono::steady_clock::now() - start < milliseconds(1000));

  g->cancel(77);
  CHECK(g->in_flight() == 1);
  g->cancel(1);
  CHECK(g->in_flight() == 0);
  CHECK(g->wait()->empty());

  REQUIRE(g->submit(ask(3, "#hang")).ok());
  std::thread stopper([] {
    std::this_thread::sleep_for(milliseconds(50));
    signals::request_stop(Exit::kStopped);
  });
  CHECK(g->wait()->empty());
  stopper.join();
  signals::request_stop(Exit::kDone);
  g->cancel_all();
  CHECK(g->in_flight() == 0);
}

TEST_CASE("a stream that breaks off and begins anew shows its text once") {
  ScriptedServer server({"--kinds", "cut"});
  EndpointOptions o = options({server.url()});
  o.stream = true;
  Request r = ask(1, "#fail=3 a reply of some length, so that a part of it is shown before it breaks off");
  std::string shown;
  r.on_text = [&shown](std::string_view t) { shown += t; };
  const Reply reply = one(o, r);
  CHECK_FALSE(reply.error);
  CHECK(shown == reply.text);
}

TEST_CASE("addresses and keys that cannot be used are refused at once, without showing secrets") {
  for (const char* url : {"", "localhost:8000", "ftp://host/v1", "file:///etc/passwd", "http://",
                          "http://u:secret@host/v1", "http://host/v1?key=secret", "http://host/v1#x"}) {
    CAPTURE(url);
    const auto opened = open_endpoint(options({url}));
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().exit == Exit::kUsage);
    CHECK(opened.error().text().find("secret") == std::string::npos);
  }
  EndpointOptions o = options({"http://host/v1"});
  o.api_key = "se\ncret";
  const auto opened = open_endpoint(o);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().text().find("cret") == std::string::npos);
  CHECK_FALSE(open_endpoint(options({})).ok());
}

TEST_CASE("what a chat server cannot do is refused when it is submitted") {
  auto g = open(options({"http://127.0.0.1:9/v1"}));
  Request raw = ask(1, "x"), forced = ask(2, "x");
  raw.raw_prompt = "rendered";
  forced.forced = "given";
  for (const Request& r : {raw, forced}) {
    const auto submitted = g->submit(r);
    REQUIRE_FALSE(submitted.ok());
    CHECK(submitted.error().reason == "unsupported");
  }
  CHECK(g->in_flight() == 0);
  CHECK(g->show(ask(3, "hello"))->text == "system: Judge.\nuser: hello\n");
}
