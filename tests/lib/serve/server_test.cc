#include "lib/serve/server.h"

#include "tests/lib/serve/serving.h"

namespace {

using namespace rm::tests;
using rm::Exit;

constexpr const char* kJson = "Content-Type: application/json\r\n";
constexpr const char* kLines = "Content-Type: application/x-ndjson\r\n";

TEST_CASE("a pair comes back byte for byte, with judgment and rewards") {
  Serving s;
  const Response r = ask(s.port, "POST", "/v1/judge", kPair, kJson);
  CHECK(r.status == 200);
  const std::string pair(kPair);
  CHECK(r.body.substr(0, pair.size() - 1) == pair.substr(0, pair.size() - 1));
  CHECK(has(r.body, R"("judgment":{"verdict":"A","preferred":"a")"));
  CHECK(has(r.body, R"("rewards":[1)"));
}

TEST_CASE("a request chooses both orders, samples and seed by query or beside its record") {
  Serving s;
  const Response q = ask(s.port, "POST", "/v1/judge?both_orders=1&samples=2", kPair);
  CHECK(q.status == 200);
  CHECK(s.talker.submitted == 4);
  CHECK(has(q.body, R"("consistent":true)"));
  const Response e = ask(s.port, "POST", "/v1/judge",
                         std::string(R"({"record":)") + kPair + R"(,"options":{"both_orders":true,"seed":5}})");
  CHECK(e.status == 200);
  CHECK(has(e.body, R"("seed":5)"));
  CHECK(s.talker.submitted == 6);
}

TEST_CASE("many records in one body come back in order, bad ones with their error") {
  Serving s;
  const std::string body = std::string("{\"records\":[") + kPair + R"(,{"id":8,"question":"?"},17,)" + kPair + "]}";
  const Response r = ask(s.port, "POST", "/v1/judge", body, kJson);
  CHECK(r.status == 200);
  CHECK(has(r.body, R"({"records":[{"id":7)"));
  CHECK(has(r.body, R"({"id":8,"question":"?","error":{"code":)"));
  CHECK(has(r.body, R"("code":"not_object")"));
  CHECK(s.talker.answered == 2);
}

TEST_CASE("lines stream back in order") {
  Serving s;
  std::string body;
  for (int i = 0; i < 200; ++i)
    body += R"({"n":)" + std::to_string(i) +
            R"(,"question":"q","answer_a":"right","answer_b":"wrong"})"
            "\n";
  body += "\r\n{broken\n";
  const Response r = ask(s.port, "POST", "/v1/judge", body, kLines);
  CHECK(r.status == 200);
  CHECK(r.whole);
  CHECK(r.headers.at("content-type") == "application/x-ndjson");
  std::size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    const std::string head = R"({"n":)" + std::to_string(i) + ",";
    REQUIRE(r.body.compare(at, head.size(), head) == 0);
    at = r.body.find('\n', at) + 1;
  }
  CHECK(has(r.body.substr(at), R"({"error":{"code":"bad_json")"));
}

TEST_CASE("answers on their own are rated, several are ranked") {
  Serving s({[](const rm::generate::Request& r) {
    return all_text(r).find("[[N]]") != std::string::npos ? std::string("<answer>[[9]]</answer>") : say_right(r);
  }});
  const Response ranked =
      ask(s.port, "POST", "/v1/judge", R"({"prompt":"q","responses":["wrong 1","right","wrong 2"]})", kJson);
  CHECK(ranked.status == 200);
  CHECK(has(ranked.body, R"("ranking":[1,)"));
  const Response rated =
      ask(s.port, "POST", "/v1/judge?rate=1-10", R"({"prompt":"q","responses":["good","fine"]})", kJson);
  CHECK(rated.status == 200);
  CHECK(has(rated.body, R"("ratings":[9,9])"));
}

TEST_CASE("a stream says what begins, what is written, what is weighed and what came of it") {
  Serving s(slowly(2));
  for (const bool by_header : {true, false}) {
    CAPTURE(by_header);
    const Response r = by_header
                           ? ask(s.port, "POST", "/v1/judge?both_orders=1", kPair, "Accept: text/event-stream\r\n")
                           : ask(s.port, "POST", "/v1/judge?both_orders=1",
                                 R"({"stream":true,"question":"q","answer_a":"right","answer_b":"wrong"})");
    CHECK(r.status == 200);
    CHECK(r.whole);
    CHECK(r.headers.at("content-type") == "text/event-stream");
    CHECK(r.body.starts_with("event: start\ndata: {\"index\":0,"));
    CHECK(has(r.body, "event: text\ndata: {\"index\":0,\"request\":0,\"order\":\"ab\",\"text\":\"<type>Chat"));
    CHECK(has(r.body, "\"request\":1,\"order\":\"ba\""));
    CHECK(has(r.body,
              "event: rubric\ndata: {\"index\":0,\"request\":0,\"criteria\":[{\"name\":\"Truth\",\"weight\":0.6"));
    CHECK(has(r.body, "event: judgment\ndata: {"));
    CHECK_FALSE(has(r.body, "\"stream\":true"));
    CHECK(has(r.body, "event: done\ndata: {\"records\":1,\"failed\":0,"));
  }
}

TEST_CASE("a record over several lines is one line of a stream") {
  Serving s;
  const Response r = ask(s.port, "POST", "/v1/judge",
                         "{\n \"question\": \"q\",\r\n \"answer_a\": \"right\",\n\"answer_b\": \"wrong\"\n}",
                         "Accept: text/event-stream\r\n");
  const std::size_t at = r.body.find("event: judgment\ndata: ");
  REQUIRE(at != std::string::npos);
  CHECK(has(r.body.substr(at, r.body.find("\n\n", at) - at), "\"rewards\""));
}

TEST_CASE("what is wrong with a body is said in JSON") {
  Serving s;
  struct Row {
    const char* target;
    const char* body;
    int status;
    const char* code;
  };
  for (const Row& row : {
           Row{"/v1/judge", "", 400, "bad_json"},
           Row{"/v1/judge", "{", 400, "bad_json"},
           Row{"/v1/judge", "[1]", 400, "bad_request"},
           Row{"/v1/judge", "{\"a\":1,\"a\":2}", 400, "repeated_key"},
           Row{"/v1/judge", "{\"a\":\"\xff\"}", 400, "bad_utf8"},
           Row{"/v1/judge", "{\"records\":{}}", 400, "bad_request"},
           Row{"/v1/judge", "{\"record\":[]}", 400, "bad_request"},
           Row{"/v1/judge", "{\"records\":[],\"temperature\":1}", 400, "bad_request"},
           Row{"/v1/judge", "{\"records\":[],\"options\":{\"samples\":99}}", 400, "bad_option"},
           Row{"/v1/judge?temperature=1", kPair, 400, "bad_option"},
           Row{"/v1/judge", "{\"question\":\"q\"}", 422, ""},
           Row{"/openrlhf", "{}", 400, "bad_request"},
           Row{"/openrlhf", "{\"query\":[1]}", 400, "bad_request"},
           Row{"/openrlhf", "{\"query\":[\"no template\"]}", 400, "bad_request"},
           Row{"/openrlhf", "{\"query\":[\"a\"],\"prompts\":[]}", 400, "bad_request"},
           Row{"/classify", "{\"input\":7}", 400, "bad_request"},
           Row{"/nowhere", "{}", 404, "not_found"},
       }) {
    CAPTURE(row.target);
    CAPTURE(row.body);
    const Response r = ask(s.port, "POST", row.target, row.body);
    CHECK(r.status == row.status);
    CHECK(r.headers.at("content-type") == "application/json");
    CHECK(has(r.body, std::string("\"error\":{\"code\":\"") + row.code));
  }
  CHECK(s.talker.submitted == 0);
}

TEST_CASE("no records are no error") {
  Serving s;
  CHECK(ask(s.port, "POST", "/v1/judge", "{\"records\":[]}").body == "{\"records\":[]}\n");
  CHECK(ask(s.port, "POST", "/v1/judge", "\n", kLines).status == 200);
}

TEST_CASE("OpenRLHF gets a number for every answer") {
  Serving s;
  const std::string q = "<|im_start|>user\\nq<|im_end|>\\n<|im_start|>assistant\\n";
  const std::string p = "\"" + q + "\"";
  const Response r = ask(s.port, "POST", "/openrlhf",
                         R"({"query":[")" + q + R"(wrong<|im_end|>",")" + q + R"(right<|im_end|>"],"prompts":[)" + p +
                             "," + p + R"(],"labels":["",""]})");
  CHECK(r.status == 200);
  CHECK(has(r.body, R"({"rewards":[0)"));
  CHECK(has(r.body, R"(,"scores":[)"));
  CHECK(has(r.body, R"("extra_logs":{"judge_unparsed":[0,0],"judge_failed":[0,0]})"));
  const Response one = ask(s.port, "POST", "/get_reward",
                           R"({"query":[")" + q + R"(right"],"prompts":[)" + p + R"(],"labels":["wrong"]})");
  CHECK(one.status == 200);
  CHECK(has(one.body, R"("rewards":[1)"));
}

TEST_CASE("verl's discriminative shapes are answered") {
  Serving s({[](const rm::generate::Request&) { return std::string("nothing to be read"); }});
  const char* body =
      R"({"model":"m","input":"<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\nfine<|im_end|>\n","use_activation":false})";
  const Response c = ask(s.port, "POST", "/classify", body);
  CHECK(c.status == 200);
  CHECK(has(c.body, R"("data":[{"index":0,"label":"unparsed","probs":[0.5],"num_classes":1}])"));
  const Response e = ask(s.port, "POST", "/v1/embeddings", body);
  CHECK(e.status == 200);
  CHECK(has(e.body, R"("embedding":[0.5])"));
}

TEST_CASE("health, metrics and the page") {
  Serving s;
  ask(s.port, "POST", "/v1/judge", kPair);
  ask(s.port, "POST", "/v1/judge", "{");
  const Response h = ask(s.port, "GET", "/health");
  CHECK(h.status == 200);
  CHECK(has(h.body, R"({"status":"ok","model":"talker")"));
  // A request is counted once its reply is out, which the client may see a moment before.
  const std::string judged = "rm_requests_total{route=\"/v1/judge\",status=\"200\"} 1\n";
  const std::string refused = "rm_requests_total{route=\"/v1/judge\",status=\"400\"} 1\n";
  Response m = ask(s.port, "GET", "/metrics");
  for (int i = 0; i < 500 && !(has(m.body, judged) && has(m.body, refused)); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    m = ask(s.port, "GET", "/metrics");
  }
  CHECK(m.status == 200);
  CHECK(has(m.body, judged));
  CHECK(has(m.body, refused));
  CHECK(has(m.body, "rm_records_judged_total 1\n"));
  CHECK(has(m.body, "rm_request_seconds_bucket{le=\"+Inf\"} "));
  CHECK(has(m.body, "rm_healthy 1\n"));
  const Response p = ask(s.port, "GET", "/");
  CHECK(p.status == 200);
  CHECK(p.headers.at("content-type") == "text/html; charset=utf-8");
  const std::string csp = p.headers.at("content-security-policy");
  const std::string nonce = csp.substr(csp.find("nonce-") + 6, 32);
  CHECK(has(p.body, "<script nonce=\"" + nonce + "\">"));
  CHECK_FALSE(has(p.body, "@NONCE@"));
  CHECK_FALSE(has(p.body, "innerHTML"));
  CHECK_FALSE(has(p.body, "https://"));
  CHECK(ask(s.port, "GET", "/").headers.at("content-security-policy") != csp);
  CHECK(ask(s.port, "GET", "/v1/judge").status == 405);
  CHECK(ask(s.port, "DELETE", "/").status == 405);
}

TEST_CASE("with a token nothing but health is given away") {
  rm::serve::Options o;
  o.token = "s3cret";
  Serving s({say_right}, o);
  CHECK(ask(s.port, "GET", "/health").status == 200);
  for (const char* path : {"/", "/metrics", "/nowhere"}) {
    CAPTURE(path);
    const Response r = ask(s.port, "GET", path);
    CHECK(r.status == 401);
    CHECK(has(r.headers.at("www-authenticate"), "B"));
  }
  CHECK(ask(s.port, "POST", "/v1/judge", kPair).status == 401);
  CHECK(ask(s.port, "POST", "/v1/judge", kPair, "Authorization: Bearer wrong\r\n").status == 401);
  CHECK(ask(s.port, "POST", "/v1/judge", kPair, "Authorization: Bearer s3cret\r\n").status == 200);
  CHECK(s.talker.submitted == 1);
}

TEST_CASE("other hosts' names and pages get nothing") {
  Serving s;
  Client rebound(s.port);
  CHECK(rebound.ask("POST /v1/judge HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}").status == 403);
  const Response r = ask(s.port, "POST", "/v1/judge", kPair, "Origin: http://evil.example\r\n");
  CHECK(r.status == 403);
  CHECK(r.headers.count("access-control-allow-origin") == 0);
  CHECK(ask(s.port, "GET", "/health", "", "Origin: http://127.0.0.1\r\n").status == 200);
}

TEST_CASE("a record the model cannot read is that record's failure") {
  Talker::Options t{say_right};
  t.context = 20'000;
  Serving s(t);
  const std::string huge = R"({"question":"q","answer_a":")" + std::string(30'000, 'x') + R"(","answer_b":"y"})";
  const Response one = ask(s.port, "POST", "/v1/judge", huge);
  CHECK(one.status == 422);
  CHECK(has(one.body, R"("error":{"code":"too_long")"));
  const Response many = ask(s.port, "POST", "/v1/judge", "{\"records\":[" + huge + "," + kPair + "]}");
  CHECK(many.status == 200);
  CHECK(has(many.body, R"("code":"too_long")"));
  CHECK(has(many.body, R"("verdict":"A")"));
}

TEST_CASE("a model that fails for good makes the server unhealthy, not dead") {
  Talker::Options t{say_right};
  t.fail_after = 1;
  Serving s(t);
  CHECK(ask(s.port, "POST", "/v1/judge", kPair).status == 200);
  const Response r = ask(s.port, "POST", "/v1/judge", kPair);
  CHECK(r.status == 503);
  CHECK(has(r.body, "out_of_memory"));
  const Response again = ask(s.port, "POST", "/openrlhf", R"({"query":["pa"],"prompts":["p"]})");
  CHECK(again.status == 503);
  CHECK(again.headers.at("retry-after") == "1");
  const Response h = ask(s.port, "GET", "/health");
  CHECK(h.status == 503);
  CHECK(has(h.body, "the talker was told to fail"));
  CHECK(s.stop() == Exit::kResources);
}

TEST_CASE("a port that is taken and an open address without a token are refused") {
  Serving s;
  rm::judge::PromptSet prompts = rm::judge::PromptSet::built_in();
  Talker talker({say_right});
  rm::serve::Judging judging;
  judging.prompts = &prompts;
  rm::serve::Options o;
  o.port = s.port;
  const auto taken = rm::serve::Server::open(o, talker, judging, nullptr);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().exit == Exit::kIo);
  o.host = "0.0.0.0";
  const auto open = rm::serve::Server::open(o, talker, judging, nullptr);
  REQUIRE_FALSE(open);
  CHECK(open.error().exit == Exit::kUsage);
}

}  // namespace
