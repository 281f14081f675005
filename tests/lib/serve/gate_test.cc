#include "lib/serve/gate.h"

#include <doctest/doctest.h>

namespace {

using namespace rm::serve;

Head head(const char* host, const char* origin = "", const char* authorization = "", const char* path = "/v1/judge") {
  Head h;
  h.method = "POST";
  h.path = path;
  h.host = host;
  h.has_host = true;
  h.origin = origin;
  h.authorization = authorization;
  return h;
}

Options at(const char* host, const char* token = "") {
  Options o;
  o.host = host;
  o.token = token;
  return o;
}

TEST_CASE("who may ask") {
  struct Row {
    Options o;
    Head h;
    int status;  // 0: let in
  };
  for (const Row& row : {
           Row{at("127.0.0.1"), head("127.0.0.1:80"), 0},
           Row{at("127.0.0.1"), head("LocalHost:8080"), 0},
           Row{at("127.0.0.1"), head("[::1]:80"), 0},
           Row{at("127.0.0.2"), head("127.0.0.2:80"), 0},
           Row{at("127.0.0.1"), head("[::2]:80"), 403},
           Row{at("127.0.0.1"), head("["), 403},
           Row{at("127.0.0.1"), head("evil.example"), 403},  // a name that somebody points here
           Row{at("127.0.0.1"), head("127.0.0.1.evil.example"), 403},
           Row{at("127.0.0.1"), head(""), 403},
           Row{at("127.0.0.1"), head("localhost:80", "http://localhost:80"), 0},
           Row{at("127.0.0.1"), head("localhost:80", "http://localhost:81"), 403},
           Row{at("127.0.0.1"), head("localhost:80", "http://evil.example"), 403},
           Row{at("127.0.0.1"), head("localhost:80", "null"), 403},
           Row{at("0.0.0.0", "s3cret"), head("judge.example"), 401},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "Bearer s3cret"), 0},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "bearer s3cret"), 0},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "Bearer s3creT"), 401},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "Bearer s3cret2"), 401},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "Bearer "), 401},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "Basic eDpzM2NyZXQ="), 0},  // x:s3cret
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "Basic !!"), 401},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "", "/health"), 0},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "", "/"), 401},
           Row{at("0.0.0.0", "s3cret"), head("judge.example", "", "", "/metrics"), 401},
           Row{at("127.0.0.1", "s3cret"), head("evil.example", "", "Bearer s3cret"), 403},
       }) {
    CAPTURE(row.h.host);
    CAPTURE(row.h.origin);
    CAPTURE(row.h.authorization);
    CAPTURE(row.h.path);
    const auto refusal = refuse_stranger(row.h, row.o);
    CHECK((refusal ? refusal->status : 0) == row.status);
  }
}

TEST_CASE("a page elsewhere may link here but not post here") {
  Head h = head("localhost");
  h.fetch_site = "cross-site";
  CHECK(refuse_stranger(h, at("127.0.0.1")));
  h.method = "GET";
  CHECK_FALSE(refuse_stranger(h, at("127.0.0.1")));
}

TEST_CASE("secrets are equal or not") {
  CHECK(same_secret("abc", "abc"));
  CHECK_FALSE(same_secret("abc", "abd"));
  CHECK_FALSE(same_secret("abc", "abcabc"));
  CHECK_FALSE(same_secret("abcabc", "abc"));
  CHECK_FALSE(same_secret("", "abc"));
  CHECK_FALSE(same_secret("abc", ""));
}

}  // namespace
