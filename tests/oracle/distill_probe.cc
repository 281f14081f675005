// Reads {"prompt", "trace", "cut", "right"} a line from standard input and writes what both filters and the leak rule of lib/distill
// say of it, one JSON object a line: the other side of goldens/distill_rules.py. A line it cannot read ends it with 3.
#include <iostream>
#include <string>

#include "lib/base/json.h"
#include "lib/distill/filter.h"
#include "lib/distill/leak.h"

int main() {
  using namespace rm;
  std::ios::sync_with_stdio(false);
  json::Document document;
  for (std::string line, out; std::getline(std::cin, line);) {
    const auto record = document.parse(line);
    const auto text = [&record](const char* key) {
      const auto v = record ? record->find(key) : std::nullopt;
      return v ? v->string() : std::nullopt;
    };
    const auto prompt = text("prompt"), trace = text("trace"), right = text("right");
    const auto cut = record ? record->find("cut") : std::nullopt;
    if (!prompt || !trace || !right || !cut || !cut->boolean()) {
      std::cerr << "distill_probe: " << (record ? "a field is missing" : record.error().text()) << '\n';
      return 3;
    }
    const std::vector<text::Message> messages{{"user", std::string(*prompt)}};
    const judge::Side side = *right == "A" ? judge::Side::kA : judge::Side::kB;
    out.clear();
    json::Writer w(out);
    w.begin_object();
    for (const auto f : {distill::Filter::kDistill, distill::Filter::kStrict})
      w.member(distill::name(f), distill::why_not(*trace, *cut->boolean(), side, f));
    const auto told = distill::told_verdict(*trace, messages);
    w.key("told");
    told ? w.value(std::string_view(*told)) : w.null();
    w.end_object();
    std::cout << out << '\n';
  }
  return 0;
}
