#include "lib/records/elements.h"

#include <doctest/doctest.h>

#include "tests/lib/base/temp_folder.h"

namespace rm::records {
namespace {

// The elements of a file joined by "|", or the reason why it ended.
std::string all(const std::string& path) {
  auto in = Elements::open(path);
  if (!in) return in.error().reason;
  std::string out;
  Line line;
  for (;;) {
    const auto more = in->next(line);
    if (!more) return out + (out.empty() ? "" : "|") + "!" + more.error().reason;
    if (!*more) return out;
    out += (out.empty() ? "" : "|") + line.text;
  }
}

TEST_CASE("the elements of a list come one by one, and what is no list is refused") {
  struct Case {
    const char *text, *elements;
  };
  const tests::TempFolder folder;
  for (const Case& c : {
           Case{"[]", ""},
           Case{"", ""},
           Case{"[{\"a\":1},{\"b\":[{},\"}]\"]}]", "{\"a\":1}|{\"b\":[{},\"}]\"]}"},
           Case{" [\n  {\"a\":\n 1}\n ,\n {} ]\n", "{\"a\":\n 1}|{}"},
           Case{"\xEF\xBB\xBF[{}]", "{}"},
           Case{"{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}|{\"b\":2}"},
           Case{"[{\"a\":\"\\\\\"},{\"b\":\"\\\"]\"}]", "{\"a\":\"\\\\\"}|{\"b\":\"\\\"]\"}"},
           Case{"[{},]", "{}|!bad_json"},
           Case{"[{} {}]", "{}|!bad_json"},
           Case{"[,{}]", "!bad_json"},
           Case{"[1]", "!bad_json"},
           Case{"[{}] {}", "{}|!bad_json"},
           Case{"[{}", "{}|!truncated_line"},
           Case{"[{\"a\":\"", "!truncated_line"},
       }) {
    CAPTURE(c.text);
    CHECK(all(folder.write("x.json", c.text)) == c.elements);
  }
}

TEST_CASE("elements longer than any buffer come whole") {
  const tests::TempFolder folder;
  std::string text = "[", expected;
  for (int i = 0; i < 4; ++i) {
    const std::string one = "{\"a\":\"" + std::string(300'000, static_cast<char>('a' + i)) + "\"}";
    text += (i > 0 ? "," : "") + one;
    expected += (i > 0 ? "|" : "") + one;
  }
  CHECK(all(folder.write("x.json", text + "]")) == expected);
}

}  // namespace
}  // namespace rm::records
