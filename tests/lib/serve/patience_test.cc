// Clients that are slow, huge, many, rude or gone, and a server that is told to stop.
#include "tests/lib/serve/serving.h"

namespace {

using namespace rm::tests;
using namespace std::chrono_literals;
using rm::Exit;
using rm::serve::Options;

TEST_CASE("requests on one connection follow each other, also when sent at once") {
  Serving s;
  Client c(s.port);
  const std::string one = request("POST", "/v1/judge", kPair);
  for (int i = 0; i < 3; ++i) CHECK(c.ask(one).status == 200);
  c.send(one + request("GET", "/health") + one);
  CHECK(has(c.read().body, "judgment"));
  CHECK(has(c.read().body, "uptime"));
  CHECK(has(c.read().body, "judgment"));
}

TEST_CASE("a body in chunks is read, and a broken or endless one refused") {
  Options o;
  o.limits.body_bytes = 100'000;
  Serving s({say_right}, o);
  const std::string head = "POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string pair(kPair);
  const std::string half = pair.substr(0, 10), rest = pair.substr(10);
  Client good(s.port);
  good.send(head + "a\r\n" + half + "\r\n");
  good.send("3c\r\n" + rest.substr(0, 60) + "\r\n");
  const std::string tail = rest.substr(60);
  char size[16];
  std::snprintf(size, sizeof size, "%zx", tail.size());
  good.send(tail.empty() ? "0\r\n\r\n" : std::string(size) + "\r\n" + tail + "\r\n0\r\n\r\n");
  CHECK(good.read().status == 200);
  Client broken(s.port);
  CHECK(broken.ask(head + "zz\r\n").status == 400);
  Client endless(s.port);
  endless.send(head);
  const std::string chunk = "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
  for (int i = 0; i < 100 && endless.send(chunk); ++i) {
  }
  CHECK(endless.read().status == 413);
}

TEST_CASE("bodies are bounded before they are read") {
  Options o;
  o.limits.body_bytes = 1000;
  o.limits.bodies_bytes = 1500;
  o.limits.early_body_bytes = 100;
  Serving s({say_right}, o);
  Client c(s.port);
  const Response r = c.ask("POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n");
  CHECK(r.status == 413);
  CHECK(has(r.body, "too_large"));
  // Two of 900 bytes do not fit together; the second may come back later.
  Client first(s.port), second(s.port);
  const std::string head = "POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n";
  first.send(head);
  std::this_thread::sleep_for(100ms);
  const Response busy = second.ask(head);
  CHECK(busy.status == 503);
  CHECK(busy.headers.at("retry-after") == "1");
}

TEST_CASE("chunks of unknown number count as they come") {
  Options o;
  o.limits.bodies_bytes = 100'000;
  Serving s({say_right}, o);
  Client c(s.port);
  c.send("POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "1000\r\n" + std::string(0x1000, ' ') + "\r\n";
  for (int i = 0; i < 100 && c.send(chunk); ++i) {
  }
  CHECK(c.read().status == 503);
  CHECK(ask(s.port, "POST", "/v1/judge", kPair).status == 200);  // its room is free again
}

TEST_CASE("who waits for leave to send a body gets it") {
  Serving s;
  Client c(s.port);
  c.send("POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " +
         std::to_string(std::string_view(kPair).size()) + "\r\n\r\n");
  CHECK(c.wait_for("HTTP/1.1 100 Continue\r\n\r\n"));
  CHECK(c.ask(kPair).status == 200);
}

TEST_CASE("slow heads and slow bodies end in time and hold nobody up") {
  Options o;
  o.limits.head_time = 300ms;
  o.limits.body_time = 300ms;
  o.limits.idle_time = 300ms;
  o.limits.early_body_bytes = 50;
  o.limits.threads = 4;
  Serving s({say_right}, o);
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(std::make_unique<Client>(s.port));
    slow.back()->send(i % 2 ? "POST /v1/judge HTTP/1.1\r\nHost: loc"
                            : "POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n{");
  }
  CHECK(ask(s.port, "POST", "/v1/judge", R"({"question":"q","answer_a":"a","answer_b":"b"})").status == 200);
  CHECK(slow[0]->read().status == 408);
  CHECK(slow[1]->read().status == 408);
  Client body(s.port);
  CHECK(body.ask("POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n{").status == 408);
  Client silent(s.port);
  silent.more(3000);
  CHECK(silent.ended());
}

TEST_CASE("more connections than are allowed push out those that wait") {
  Options o;
  o.limits.connections = 8;
  Serving s({say_right}, o);
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 8; ++i) idle.push_back(std::make_unique<Client>(s.port));
  std::this_thread::sleep_for(200ms);
  CHECK(ask(s.port, "GET", "/health").status == 200);
  CHECK(ask(s.port, "GET", "/health").status == 200);
}

TEST_CASE("rude bytes harm nobody") {
  Serving s;
  std::string noise;
  for (int i = 0; i < 4096; ++i) noise += static_cast<char>((i * 7919) >> 3);
  for (const std::string& bytes :
       {noise, std::string("\0\0\0\0", 4), std::string("GET"), std::string("\r\n\r\n\r\n\r\n\r\n\r\n"),
        std::string("POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n{}"),
        "GET /" + std::string(100'000, 'a')}) {
    Client c(s.port);
    c.send(bytes);
    c.half_close();
    while (c.more(3000)) {
    }
    CHECK(c.ended());
  }
  CHECK(ask(s.port, "GET", "/health").status == 200);
}

TEST_CASE("a client that closes only its half still gets its judgment") {
  Serving s(slowly(5));
  for (const char* accept : {"", "Accept: text/event-stream\r\n"}) {
    CAPTURE(accept);
    Client c(s.port);
    c.send(request("POST", "/v1/judge", kPair, accept));
    c.half_close();
    const Response r = c.read();
    CHECK(r.status == 200);
    CHECK(has(r.body, "judgment"));
  }
  CHECK(s.talker.cancelled == 0);
}

TEST_CASE("when a client goes, its requests to the model are cancelled") {
  Serving s(slowly(50));
  for (const char* accept : {"", "Accept: text/event-stream\r\n"}) {
    CAPTURE(accept);
    const std::size_t before = s.talker.cancelled, asked = s.talker.submitted;
    Client c(s.port);
    c.send(request("POST", "/v1/judge?both_orders=1", kPair, accept));
    REQUIRE(soon([&] { return s.talker.submitted == asked + 2; }));
    c.close();
    CHECK(soon([&] { return s.talker.cancelled == before + 2; }));
  }
  CHECK(soon([&] { return has(ask(s.port, "GET", "/health").body, "\"in_flight\":0"); }));
}

TEST_CASE("new requests join those that run") {
  Serving s(slowly(20));
  Client a(s.port), b(s.port);
  a.send(request("POST", "/v1/judge", kPair, "Accept: text/event-stream\r\n"));
  REQUIRE(a.wait_for("event: text"));
  b.send(request("POST", "/v1/judge", kPair, "Accept: text/event-stream\r\n"));
  REQUIRE(b.wait_for("event: text"));
  CHECK_FALSE(has(a.received(), "event: judgment"));
  CHECK(s.talker.most_at_once == 2);
}

TEST_CASE("a full queue says when to come back") {
  Options o;
  o.limits.queue = 2;
  Serving s(slowly(20), o);
  Client a(s.port), b(s.port);
  a.send(request("POST", "/v1/judge", kPair));
  b.send(request("POST", "/v1/judge", kPair));
  REQUIRE(soon([&] { return s.talker.submitted == 2; }));
  const Response r = ask(s.port, "POST", "/v1/judge", kPair);
  CHECK(r.status == 503);
  CHECK(r.headers.at("retry-after") == "1");
  CHECK(has(r.body, "\"busy\""));
  CHECK(a.read().status == 200);
  CHECK(b.read().status == 200);
}

TEST_CASE("health answers while every place for judging is taken") {
  Options o;
  o.limits.judging = 2;
  Serving s(slowly(20), o);
  Client a(s.port), b(s.port);
  a.send(request("POST", "/v1/judge", kPair));
  b.send(request("POST", "/v1/judge", kPair));
  REQUIRE(soon([&] { return s.talker.submitted == 2; }));
  CHECK(ask(s.port, "GET", "/health").status == 200);
  CHECK(ask(s.port, "POST", "/v1/judge", kPair).status == 503);
}

TEST_CASE("what is not ready in time fails by itself") {
  Options o;
  o.limits.judge_time = 300ms;
  Serving s(slowly(500), o);
  const Response r = ask(s.port, "POST", "/v1/judge", kPair);
  CHECK(r.status == 504);
  CHECK(has(r.body, R"("code":"timeout")"));
  CHECK(soon([&] { return s.talker.cancelled == 1; }));
}

TEST_CASE("told to stop, the server finishes what has begun and takes nothing new") {
  Serving s(slowly(20));
  Client plain(s.port), stream(s.port), idle(s.port);
  CHECK(idle.ask(request("GET", "/health")).status == 200);
  plain.send(request("POST", "/v1/judge", kPair));
  stream.send(request("POST", "/v1/judge", kPair, "Accept: text/event-stream\r\n"));
  REQUIRE(soon([&] { return s.talker.submitted == 2; }));
  s.server->stop();
  idle.more();
  CHECK(idle.ended());
  const Response p = plain.read(), t = stream.read();
  CHECK(p.status == 200);
  CHECK(p.headers.at("connection") == "close");
  CHECK(t.whole);
  CHECK(has(t.body, "event: judgment"));
  CHECK(s.stop() == Exit::kDone);
}

TEST_CASE("an old client gets whole replies") {
  Serving s;
  Client c(s.port);
  const std::string body = std::string(kPair);
  const Response r =
      c.ask("POST /v1/judge HTTP/1.0\r\nAccept: text/event-stream\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body);
  CHECK(r.status == 200);
  CHECK(r.headers.count("transfer-encoding") == 0);
  CHECK(has(r.body, "judgment"));
}

}  // namespace
