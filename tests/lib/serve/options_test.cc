#include "lib/serve/options.h"

#include <doctest/doctest.h>

#include "lib/serve/choices.h"

namespace {

using namespace rm::serve;

TEST_CASE("addresses") {
  struct Row {
    const char* text;
    const char* host;  // null: refused
    int port;
  };
  for (const Row& row :
       {Row{"127.0.0.1:8080", "127.0.0.1", 8080}, Row{":0", "127.0.0.1", 0}, Row{"localhost:80", "localhost", 80},
        Row{"[::1]:80", "::1", 80}, Row{"0.0.0.0:65535", "0.0.0.0", 65535}, Row{"8080", nullptr, 0},
        Row{"a:b", nullptr, 0}, Row{"a:70000", nullptr, 0}, Row{"a:-1", nullptr, 0}, Row{"[zz]:80", nullptr, 0},
        Row{"::1:80", nullptr, 0}, Row{"a b:80", nullptr, 0}, Row{"", nullptr, 0}}) {
    CAPTURE(row.text);
    const auto o = parse_address(row.text);
    REQUIRE(o.ok() == (row.host != nullptr));
    if (!o) {
      CHECK(o.error().exit == rm::Exit::kUsage);
      continue;
    }
    CHECK(o->host == row.host);
    CHECK(o->port == row.port);
  }
}

TEST_CASE("an address that others reach needs a token") {
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) {
    CAPTURE(host);
    Options o;
    o.host = host;
    CHECK(check_exposure(o));
  }
  for (const char* host : {"0.0.0.0", "::", "192.168.0.1", "judge.example", "localhost.example"}) {
    CAPTURE(host);
    Options o;
    o.host = host;
    const auto refused = check_exposure(o);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().exit == rm::Exit::kUsage);
    CHECK(refused.error().message.find("RM_SERVE_TOKEN") != std::string::npos);
    o.token = "x";
    CHECK(check_exposure(o));
  }
}

TEST_CASE("a request may change a few things within bounds") {
  Choices c;
  REQUIRE(choose_by_query(c, "both_orders&samples=4&rate=0-5&seed=18446744073709551615&budget=20&stream=1", {}));
  CHECK(c.settings.both_orders);
  CHECK(c.settings.samples == 4);
  CHECK(c.settings.temperature == 1);
  CHECK(c.settings.rate->high == 5);
  CHECK(c.settings.seed == 18446744073709551615u);
  CHECK(c.settings.budget == 20);
  CHECK(c.stream == true);
  for (const char* bad : {"samples=0", "samples=17", "samples=x", "samples", "rate=5-1", "rate=5", "seed=-1",
                          "budget=99999", "both_orders=maybe", "temperature=2", "max_tokens=1", "=", "%73eed=1"}) {
    CAPTURE(bad);
    Choices d;
    const auto r = choose_by_query(d, bad, {});
    REQUIRE_FALSE(r);
    CHECK(r.error().reason == "bad_option");
  }
}

TEST_CASE("the same by an object") {
  Choices c;
  rm::json::Document doc;
  const auto v = doc.parse(R"({"both_orders":true,"samples":2,"rate":"1-3","seed":7,"budget":null})");
  REQUIRE(v);
  REQUIRE(choose_by_object(c, *v, {}));
  CHECK(c.settings.both_orders);
  CHECK(c.settings.samples == 2);
  CHECK(c.settings.rate->high == 3);
  CHECK(c.settings.seed == 7);
  for (const char* bad :
       {R"({"samples":[1]})", R"({"samples":""})", R"({"model":"x"})", R"([])", R"({"samples":1.5})"}) {
    CAPTURE(bad);
    rm::json::Document other;
    const auto value = other.parse(bad);
    REQUIRE(value);
    Choices d;
    CHECK_FALSE(choose_by_object(d, *value, {}));
  }
}

}  // namespace
