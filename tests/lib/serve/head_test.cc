#include "lib/serve/head.h"

#include <doctest/doctest.h>

namespace {

using namespace rm::serve;
using State = HeadReader::State;

State feed(HeadReader& r, std::string_view text, const Limits& limits = {}) { return r.read(text, limits); }

TEST_CASE("a whole head is read with the values as they were sent") {
  HeadReader r;
  const std::string_view text =
      "\r\nPOST /v1/judge?rate=1-10 HTTP/1.1\r\nhOsT: localhost:80\r\nContent-Length: 12\r\n"
      "Authorization: Bearer a%41b\r\nAccept: text/html, text/event-stream;q=0.5\r\nContent-Type: application/json; "
      "x=y\r\n\r\nbody";
  REQUIRE(feed(r, text) == State::kDone);
  const Head& h = r.head();
  CHECK(h.method == "POST");
  CHECK(h.path == "/v1/judge");
  CHECK(h.query == "rate=1-10");
  CHECK(h.host == "localhost:80");
  CHECK(h.length == 12);
  CHECK(h.authorization == "Bearer a%41b");
  CHECK(h.accepts("text/event-stream"));
  CHECK_FALSE(h.accepts("text/event"));
  CHECK(h.content_is("Application/JSON"));
  CHECK(h.keep_alive);
  CHECK(text.substr(h.bytes) == "body");
  CHECK(feed(r, text) == State::kDone);  // asked again while the body comes
}

TEST_CASE("a head that comes byte by byte is read once it is whole") {
  const std::string text = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
  HeadReader r;
  for (std::size_t n = 1; n < text.size(); ++n) {
    CAPTURE(n);
    REQUIRE(feed(r, std::string_view(text).substr(0, n)) == State::kMore);
  }
  CHECK(feed(r, text) == State::kDone);
}

TEST_CASE("what could be read in two ways is refused") {
  struct Row {
    const char* text;
    int status;
    const char* code;
  };
  for (const Row& row : {
           Row{"GET / HTTP/1.1\r\n\r\n", 400, "no_host"},
           Row{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "repeated_header"},
           Row{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"},
           Row{"GET / HTTP/2\r\nHost: a\r\n\r\n", 505, "bad_version"},
           Row{"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"},
           Row{"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"},
           Row{"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bad_request"},
           Row{"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400, "bad_header"},
           Row{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "bad_header"},
           Row{"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, "bad_header"},
           Row{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", 400, "unexpected_body"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\n\r\n", 411, "no_length"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 400, "repeated_header"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, "bad_length"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", 400, "bad_length"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400, "bad_length"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400, "bad_length"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413, "too_large"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
               "bad_length"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "bad_encoding"},
           Row{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_encoding"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\n", 415, "compressed"},
           Row{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: money\r\n\r\n", 417, "bad_expectation"},
           Row{"\x16\x03\x01\x02", 400, "bad_request"},  // a TLS greeting
           Row{"GET\x01", 400, "bad_request"},
       }) {
    CAPTURE(row.text);
    HeadReader r;
    REQUIRE(feed(r, row.text) == State::kRefused);
    CHECK(r.refusal().status == row.status);
    CHECK(r.refusal().code == row.code);
  }
}

TEST_CASE("heads are bounded in bytes, lines and targets") {
  Limits limits;
  HeadReader a, b, c, d;
  CHECK(a.read("GET / HTTP/1.1\r\nX: " + std::string(limits.head_bytes, 'x'), limits) == State::kRefused);
  CHECK(a.refusal().status == 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 200; ++i) many += "X: y\r\n";
  CHECK(b.read(many + "\r\n", limits) == State::kRefused);
  CHECK(b.refusal().status == 431);
  CHECK(c.read("GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", limits) == State::kRefused);
  CHECK(c.refusal().status == 414);
  CHECK(d.read("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", limits) == State::kRefused);
  CHECK(d.refusal().status == 431);
}

TEST_CASE("a connection goes on unless somebody says otherwise") {
  struct Row {
    const char* text;
    bool keep;
  };
  for (const Row& row :
       {Row{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
        Row{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", false}, Row{"GET / HTTP/1.0\r\n\r\n", false},
        Row{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true}}) {
    CAPTURE(row.text);
    HeadReader r;
    REQUIRE(feed(r, row.text) == State::kDone);
    CHECK(r.head().keep_alive == row.keep);
  }
}

}  // namespace
