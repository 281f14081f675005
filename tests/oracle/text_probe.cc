// Shows scripts what lib/text does, one JSON line in, one JSON line out:
//   text-probe ids MODEL      {"text": ...} -> {"ids": [...], "back": ...}; {"control": ...} -> {"ids": [...]}
//   text-probe pieces SPLIT   {"text": ...} -> {"pieces": [...], "nfc": ...}; SPLIT: gpt2, smollm, qwen2, llama3
//   text-probe render BOS     {"template": ..., "messages": [[role, content], ...], "generate": bool, "thinking":
//   "on"|"off"|"unset"}
//                             -> {"text": ..., "family": ...} or {"error": reason}
//   text-probe speed MODEL    text on stdin -> megabytes a second on stderr
// MODEL is a folder or .gguf, or a .json that goldens/tokens.py wrote. Links nothing above weightfile; no program of
// ours.

#include <cstdio>
#include <ctime>
#include <iostream>
#include <iterator>

#include "lib/base/json.h"
#include "lib/text/chat.h"
#include "lib/text/pretokenize.h"
#include "lib/text/unicode.h"
#include "tests/oracle/vocab_source.h"

namespace {

using namespace rm;

int fail(const Error& e) {
  std::fprintf(stderr, "text-probe: %s\n", e.text().c_str());
  return static_cast<int>(e.exit);
}

template <class F>
int each_line(F f) {
  json::Document document;
  std::string line, out;
  while (std::getline(std::cin, line)) {
    const auto value = document.parse(line);
    if (!value) return fail(value.error());
    out.clear();
    json::Writer w(out);
    w.begin_object();
    f(*value, w);
    w.end_object();
    out += '\n';
    std::fwrite(out.data(), 1, out.size(), stdout);
  }
  return 0;
}

std::string text_of(json::Value v, const char* key) {
  const auto member = v.find(key);
  return member && member->string() ? std::string(*member->string()) : std::string();
}

int ids(const std::string& model) {
  const auto tokenizer = oracle::tokenizer_from(model);
  if (!tokenizer) return fail(tokenizer.error());
  return each_line([&](json::Value line, json::Writer& w) {
    text::Ids ids;
    if (line.find("control")) {
      tokenizer->encode_control(text_of(line, "control"), ids);
    } else {
      tokenizer->encode_text(text_of(line, "text"), ids);
    }
    w.key("ids").begin_array();
    for (const text::Id id : ids) w.value(static_cast<std::int64_t>(id));
    w.end_array();
    const auto back = tokenizer->decode(ids, true);
    w.member("back", back ? std::string_view(*back) : std::string_view());
  });
}

int pieces(const std::string& name) {
  const auto split = oracle::split_named(name);
  if (!split) return 2;
  return each_line([&](json::Value line, json::Writer& w) {
    const std::string text = text_of(line, "text");
    w.key("pieces").begin_array();
    text::Pieces cut(*split, text);
    for (std::string_view piece = cut.next(); !piece.empty(); piece = cut.next()) w.value(piece);
    w.end_array();
    std::string normal;
    w.member("nfc", std::string_view(text::to_nfc(text, normal) ? normal : text));
  });
}

int render(const std::string& bos) {
  return each_line([&](json::Value line, json::Writer& w) {
    const auto chat = text::ChatTemplate::recognise(text_of(line, "template"), bos);
    if (!chat) {
      w.member("error", chat.error().reason);
      return;
    }
    std::vector<text::Message> messages;
    for (const json::Value& pair : line.find("messages")->items()) {
      const auto items = pair.items();
      messages.push_back({std::string(*items[0].string()), std::string(*items[1].string())});
    }
    const std::string thinking = text_of(line, "thinking");
    const auto segments = chat->render(messages, line.find("generate")->boolean().value_or(false),
                                       thinking == "off"     ? text::Thinking::kOff
                                       : thinking == "unset" ? text::Thinking::kUnset
                                                             : text::Thinking::kOn);
    if (!segments) {
      w.member("error", segments.error().reason);
      return;
    }
    std::string all;
    for (const text::Segment& s : *segments) all += s.text;
    w.member("text", all).member("family", chat->family());
  });
}

int speed(const std::string& model) {
  const std::clock_t start = std::clock();
  const auto tokenizer = oracle::tokenizer_from(model);
  if (!tokenizer) return fail(tokenizer.error());
  const std::string text((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  const std::clock_t loaded = std::clock();
  text::Ids ids;
  tokenizer->encode_text(text, ids);
  const double encode = static_cast<double>(std::clock() - loaded) / CLOCKS_PER_SEC;
  const double load = static_cast<double>(loaded - start) / CLOCKS_PER_SEC;
  std::fprintf(stderr, "%.1f MB in %zu tokens, %.3f s of CPU time, %.1f MB/s (loading %.3f s)\n",
               static_cast<double>(text.size()) / 1e6, ids.size(), encode,
               static_cast<double>(text.size()) / 1e6 / encode, load);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "text-probe ids|pieces|render|speed ARGUMENT < lines\n");
    return 2;
  }
  const std::string verb = argv[1], argument = argv[2];
  if (verb == "ids") return ids(argument);
  if (verb == "pieces") return pieces(argument);
  if (verb == "render") return render(argument);
  return verb == "speed" ? speed(argument) : 2;
}
