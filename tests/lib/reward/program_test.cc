#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#include "lib/base/signals.h"
#include "lib/reward/reward.h"
#include "tests/lib/base/temp_folder.h"

using namespace rm;
using reward::Item;
using reward::ProgramOptions;

namespace {

// What an Item views.
struct Texts {
  std::vector<std::string> records, replies;
  std::vector<Item> items;
};

Texts made(std::size_t n, std::size_t bytes = 10) {
  Texts t;
  for (std::size_t i = 0; i < n; ++i) {
    t.records.push_back("{\"id\":" + std::to_string(i) + ",\"prompt\":\"p\"}");
    t.replies.push_back(std::to_string(i) + " " + std::string(bytes, 'x'));
  }
  for (std::size_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    t.items.push_back(
        {t.records[i], t.replies[i], i % 2 == 0 ? judge::Side::kA : judge::Side::kB, false, 3, at / 2, at % 2});
  }
  return t;
}

ProgramOptions options(const std::string& command, double timeout_s = 30) {
  ProgramOptions o;
  o.command = command;
  o.timeout_s = timeout_s;
  return o;
}

// A program that was started; a command that ends at once may be found out here already.
Result<std::vector<double>> start_and_score(const ProgramOptions& o, std::span<const Item> items) {
  auto r = reward::program(o);
  if (!r) return r.error();
  return (*r)->score(items);
}

bool exists(const std::string& pid) { return std::ifstream("/proc/" + pid + "/stat").good(); }

double seconds_since(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
}

}  // namespace

TEST_CASE("a program sees the record as it was, and the rollout at its end") {
  const tests::TempFolder folder;
  auto r = reward::program(options("tee " + folder.path("seen") + " | sed -u 's/.*/0.25/'"));
  REQUIRE(r);
  const std::vector<Item> items{
      {"{ \"prompt\" : \"caf\\u00e9 \xC3\xA9\", \"label\": 1e0 }", "a \"q\"\n\xFF", judge::Side::kA, false, 3, 17, 2},
      {"{\"rollout\":{\"old\":1},\"x\":null}", "", judge::Side::kB, true, 4, 18, 0}};
  const auto rewards = (*r)->score(items);
  REQUIRE(rewards);
  CHECK(*rewards == std::vector<double>{0.25, 0.25});
  r->reset();
  CHECK(tests::slurp(folder.path("seen")) ==
        "{ \"prompt\" : \"caf\\u00e9 \xC3\xA9\", \"label\": 1e0,\"rollout\":{\"reply\":\"a "
        "\\\"q\\\"\\n\xEF\xBF\xBD\",\"label\":\"A\","
        "\"truncated\":false,\"step\":3,\"prompt\":17,\"index\":2,\"left\":1} }\n"
        "{\"x\":null,\"rollout\":{\"reply\":\"\",\"label\":\"B\",\"truncated\":true,\"step\":4,\"prompt\":18,\"index\":"
        "0,\"left\":0}}\n");
}

TEST_CASE("a number, or an object with one, is a reward") {
  struct Row {
    const char* line;
    double reward;
  };
  const tests::TempFolder folder;
  auto r = reward::program(options("while read x; do cat " + folder.path("answer") + "; done"));
  REQUIRE(r);
  const auto texts = made(1);
  for (const Row& row : {Row{"1", 1}, Row{"-0.5", -0.5}, Row{" 1e-3 \r", 1e-3}, Row{"123456789012", 123456789012.0},
                         Row{"{\"reward\": 2}", 2}, Row{"{\"why\":\"ok\",\"reward\":-1.5,\"more\":[1]}", -1.5}}) {
    CAPTURE(std::string(row.line));
    folder.write("answer", std::string(row.line) + "\n");
    const auto rewards = (*r)->score(texts.items);
    REQUIRE_MESSAGE(rewards, rewards.error().text());
    CHECK(*rewards == std::vector<double>{row.reward});
  }
}

TEST_CASE("anything else is named, with the item") {
  struct Row {
    const char *line, *said;
  };
  const std::string expected =
      "; expected a finite number, or an object with such a number as \"reward\", at item 2 of 4 "
      "(step 3, prompt 0, rollout 1); the last line of its standard error: scoring";
  const tests::TempFolder folder;
  auto o = options("echo scoring >&2; head -n 4 >/dev/null; cat " + folder.path("answers") + "; cat");
  o.max_failures = 100;
  auto r = reward::program(o);
  REQUIRE(r);
  const auto texts = made(4);
  for (const Row& row :
       {Row{"abc", "answered \"abc\" ("}, Row{"", "answered \"\" ("}, Row{"NaN", "answered \"NaN\" ("},
        Row{"Infinity", "answered \"Infinity\" ("}, Row{"1e999", "answered \"1e999\" ("},
        Row{"1e200", "answered \"1e200\", a reward beyond 1e30"}, Row{"-2e30", "a reward beyond 1e30"},
        Row{"1 2", "answered \"1 2\" ("}, Row{"\"1\"", "where the reward is a string"},
        Row{"true", "where the reward is true or false"}, Row{"null", "where the reward is null"},
        Row{"[1]", "where the reward is a list"}, Row{"{}", "which has no \"reward\""},
        Row{"{\"reward\":\"1\"}", "where the reward is a string"},
        Row{"{\"reward\":1,\"reward\":2}", "(the key \"reward\" stands twice in one object)"},
        Row{"{\"reward\":1", "answered \"{\"reward\":1\" ("}, Row{"\033[31m\377", "answered \"\\x1b[31m\\xff\" ("}}) {
    CAPTURE(std::string(row.line));
    folder.write("answers", "1\n" + std::string(row.line) + "\n");
    const auto rewards = (*r)->score(texts.items);
    REQUIRE_FALSE(rewards);
    CAPTURE(rewards.error().text());
    CHECK(rewards.error().exit == Exit::kUnavailable);
    CHECK(rewards.error().reason == "reward_failed");
    CHECK(rewards.error().message.find(row.said) != std::string::npos);
    CHECK(rewards.error().message.ends_with(expected));
  }
}

TEST_CASE("a program that does not keep to the protocol is named") {
  struct Row {
    const char *what, *command, *said;
    double timeout_s = 30;
  };
  const char* two_of_four = "read x; echo 1; read x; echo 2; ";
  const auto after_two = [&](const std::string& then) { return two_of_four + then; };
  const std::vector<std::string> kept{after_two("exit 7"),
                                      after_two("kill -SEGV $$"),
                                      after_two("echo bye >&2"),
                                      after_two("printf 3"),
                                      after_two("printf 3; exec sleep 1000"),
                                      after_two("exec sleep 1000"),
                                      after_two("exec >&-; exec sleep 1000")};
  for (const Row& r : {
           Row{"is not there", "no-such-program-here", "ended with status 127 before "},
           Row{"dies at once", "echo cannot >&2; exit 3", "the last line of its standard error: cannot"},
           Row{"dies midway", kept[0].c_str(), "ended with status 7 before it had answered all items, at item 3 of 4"},
           Row{"is killed midway", kept[1].c_str(),
               "was killed by SIGSEGV before it had answered all items, at item 3"},
           Row{"ends early", kept[2].c_str(),
               "ended with status 0 before it had answered all items, at item 3 of 4 (step 3, "
               "prompt 1, rollout 0); the last line of its standard error: bye"},
           Row{"ends in a line", kept[3].c_str(),
               "before it had answered all items, in the midst of a line: \"3\", at item 3"},
           Row{"hangs in a line", kept[4].c_str(),
               "was silent for 1s with 2 of 4 items answered, in the midst of a line: \"3\", at item 3", 1},
           Row{"hangs", kept[5].c_str(), "was silent for 1s with 2 of 4 items answered and all sent (it must not wait",
               1},
           Row{"waits for the end", "cat >/dev/null; exec sleep 1000",
               "was silent for 1s with 0 of 4 items answered and all sent", 1},
           Row{"closes its output", kept[6].c_str(), "closed its standard output, at item 3 of 4"},
           Row{"speaks first", "echo hello; exec cat", "printed \"hello\\n\" before the first item was sent"},
           Row{"repeats", "while read x; do printf '1\\n1\\n'; done", "printed \"1"},
           Row{"adds a line", "head -n 4 >/dev/null; printf '1\\n2\\n3\\n4\\n5\\n'; exec sleep 1000",
               "printed \"5\", more than a line for each item, at item 4 of 4"},
           Row{"adds a piece", "head -n 4 >/dev/null; printf '1\\n2\\n3\\n4\\n5'; exec sleep 1000", "\"5\""},
           Row{"floods", "exec yes 1", "before the first item was sent"},
           Row{"floods later", "read x; exec yes 1", "printed \"1"},
           Row{"writes a line without end", "read x; yes x | tr -d '\\n'",
               "answered with a line of more than 1,048,576 bytes, \"xxx"},
           Row{"writes a line that is too long by a few bytes",
               "read x; yes x | tr -d '\\n' | head -c 1048590; echo; while read x; do echo 1; done",
               "answered with a line of more than 1,048,576 bytes, \"xxx"},
           Row{"ignores TERM", "trap '' TERM; read x; echo a; while :; do sleep 0.05; done", "answered \"a\""},
       }) {
    CAPTURE(std::string(r.what));
    const auto texts = made(4);
    const auto rewards = start_and_score(options(r.command, r.timeout_s), texts.items);
    REQUIRE_FALSE(rewards);
    CAPTURE(rewards.error().text());
    CHECK(rewards.error().exit == Exit::kUnavailable);
    CHECK(rewards.error().message.find(r.said) != std::string::npos);
    CHECK(rewards.error().where.starts_with(std::string(r.command).substr(0, 20)));
    CHECK(rewards.error().text().find('\n') == std::string::npos);
  }
}

TEST_CASE("a program that stops reading is named") {
  const auto texts = made(50, 10'000);  // more than a pipe holds
  for (const auto& [command, said] : std::vector<std::pair<std::string, std::string>>{
           {"read x; echo 1; exec <&-; exec sleep 1000",
            "closed its standard input before it had read all items, at item 2 of 50"},
           {"read x; exec yes 1", "printed \"1\" before it was sent the item, at item "},
           {"exec sleep 1000",
            "was silent for 1s with 0 of 50 items answered, and did not read on, at item 1 of 50"}}) {
    const auto rewards = start_and_score(options(command, 1), texts.items);
    REQUIRE_FALSE(rewards);
    CAPTURE(rewards.error().text());
    CHECK(rewards.error().message.find(said) != std::string::npos);
  }
}

TEST_CASE("10,000 items with long lines keep their order, whatever the program reads first") {
  const tests::TempFolder folder;
  const std::string script = folder.write("score.py", R"(
import json, sys
mode, held = sys.argv[1], []
for line in sys.stdin:
    d = json.loads(line)
    assert len(d["rollout"]["reply"]) > 2000
    held.append(d["id"] + 0.5)
    if mode == "loud":
        sys.stderr.write("x" * 4000 + "\n")
    if mode != "last" or d["rollout"]["left"] == 0:
        print(*held, sep="\n")
        held = []
)");
  const auto texts = made(10'000, 2000);
  for (const char* mode : {"each", "last", "loud"}) {  // loud: 40 MB on its standard error
    CAPTURE(mode);
    auto r = reward::program(options("python3 " + script + " " + mode));
    REQUIRE(r);
    for (int batch = 0; batch < 2; ++batch) {
      const auto rewards = (*r)->score(texts.items);
      REQUIRE_MESSAGE(rewards, rewards.error().text());
      REQUIRE(rewards->size() == 10'000);
      bool in_order = true;
      for (std::size_t i = 0; i < 10'000; ++i) in_order = in_order && (*rewards)[i] == static_cast<double>(i) + 0.5;
      CHECK(in_order);
    }
  }
}

TEST_CASE("one megabyte on the standard error before the first answer holds nothing up") {
  const auto texts = made(2);
  const auto rewards =
      start_and_score(options("head -c 1000000 /dev/zero >&2; read x; echo 1; read x; echo 2; cat"), texts.items);
  REQUIRE_MESSAGE(rewards, rewards.error().text());
  CHECK(*rewards == std::vector<double>{1, 2});
}

TEST_CASE("after a failure the program is started again; failures in a row are counted") {
  const tests::TempFolder folder;
  // Its third and later lives answer.
  auto o = options("echo life >>" + folder.path("lives") + "; read x; test $(wc -l <" + folder.path("lives") +
                   ") -gt 2 || exit 9; echo 4; while read x; do echo 5; done");
  o.max_failures = 2;
  auto r = reward::program(o);
  REQUIRE(r);
  const auto texts = made(1);
  const auto first = (*r)->score(texts.items);
  REQUIRE_FALSE(first);
  CHECK(first.error().reason == "reward_failed");
  const auto second = (*r)->score(texts.items);
  REQUIRE_FALSE(second);
  CHECK(second.error().reason == "reward_given_up");
  CHECK(second.error().message.ends_with("(failed 2 times in a row)"));
  CHECK(*(*r)->score(texts.items) == std::vector<double>{4});
  CHECK(*(*r)->score(texts.items) == std::vector<double>{5});  // the same life
  CHECK(tests::slurp(folder.path("lives")) == "life\nlife\nlife\n");
}

TEST_CASE("an answer that comes when nobody waits for it is not taken for the next batch's") {
  const tests::TempFolder folder;
  const std::string asked = folder.path("asked"), said = folder.path("said");
  auto r = reward::program(options("read x; echo 1; until [ -e " + asked + " ]; do sleep 0.02; done; echo 2; >" + said +
                                   "; while read x; do echo 3; done"));
  REQUIRE(r);
  const auto texts = made(1);
  CHECK(*(*r)->score(texts.items) == std::vector<double>{1});
  folder.write("asked", "");
  while (!std::ifstream(said).good()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto second = (*r)->score(texts.items);
  REQUIRE_FALSE(second);
  CHECK(second.error().message.find("printed \"2\\n\" before the first item was sent") != std::string::npos);
}

TEST_CASE("a program that ends between two batches is started again, and that is told") {
  std::vector<std::string> told;
  auto o = options("read x; echo 1; exit 4");
  o.tell = [&](const std::string& s) { told.push_back(s); };
  auto r = reward::program(o);
  REQUIRE(r);
  const auto texts = made(1);
  CHECK((*r)->score(texts.items));
  CHECK(told.empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK((*r)->score(texts.items));
  REQUIRE(told.size() == 1);
  CHECK(told[0] == "read x; echo 1; exit 4: ended with status 4 between two batches; it is started again");
}

TEST_CASE("a stop that is asked for ends the wait, and the program") {
  const tests::TempFolder folder;
  auto r = reward::program(options("trap '' TERM; echo $$ >" + folder.path("pid") + "; while :; do sleep 0.05; done"));
  REQUIRE(r);
  const auto texts = made(1);
  std::thread later([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    signals::request_stop(Exit::kStopped);
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto rewards = (*r)->score(texts.items);
  later.join();
  signals::request_stop(Exit::kDone);
  REQUIRE_FALSE(rewards);
  CHECK(rewards.error().exit == Exit::kStopped);
  CHECK(seconds_since(begin) < 10);
  const std::string pid = tests::slurp(folder.path("pid"));
  REQUIRE(!pid.empty());
  CHECK_FALSE(exists(pid.substr(0, pid.size() - 1)));
}

TEST_CASE("at the end of the run a program sees the end of its input and may finish") {
  const tests::TempFolder folder;
  auto r = reward::program(options("while read x; do echo 1; done; sleep 0.2; echo finished >" + folder.path("log")));
  REQUIRE(r);
  const auto texts = made(3);
  CHECK((*r)->score(texts.items));
  CHECK((*r)->score({})->empty());
  CHECK((*r)->name().starts_with("while read x"));
  r->reset();
  CHECK(tests::slurp(folder.path("log")) == "finished\n");
}

TEST_CASE("options that make no sense are refused") {
  for (const auto& o : {options(""), options(" \n"), options("cat", 0), options("cat", -1), options("cat", 1e300),
                        options("cat", std::numeric_limits<double>::quiet_NaN())}) {
    const auto r = reward::program(o);
    REQUIRE_FALSE(r);
    CHECK(r.error().exit == Exit::kUsage);
  }
}

TEST_CASE("the example rewards the right verdict and takes off for length") {
  auto r = reward::program(options("python3 " RM_SOURCE_DIR "/examples/score.py"));
  REQUIRE(r);
  const std::string right = "<answer>[[B]]</answer>", longer = std::string(978, '.') + right,
                    longest = right + std::string(9978, '.');
  const std::vector<Item> items{{"{}", right, judge::Side::kB},
                                {"{}", right, judge::Side::kA},
                                {"{}", longer, judge::Side::kB},
                                {"{}", longest, judge::Side::kB}};
  const auto rewards = (*r)->score(items);
  REQUIRE_MESSAGE(rewards, rewards.error().text());
  CHECK(*rewards == std::vector<double>{1 - 0.0022, -1 - 0.0022, 1 - 0.1, -1.5});
}
