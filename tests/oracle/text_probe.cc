// Shows scripts what lib/text does, one JSON line in, one JSON line out:
//   text-probe ids MODEL      {"text": ...} -> {"ids": [...], "back": ...}; {"control": ...} -> {"ids": [...]}
//   text-probe pieces SPLIT   {"text": ...} -> {"pieces": [...], "nfc": ...}; SPLIT: gpt2, smollm, qwen2, llama3
//   text-probe render BOS     {"template": ..., "messages": [[role, content], ...], "generate": bool, "thinking":
//   "on"|"off"|"unset"}
//                             -> {"text": ..., "family": ...} or {"error": reason}
//   text-probe speed MODEL    {"text": ...} adds a text, {"clear": true} drops them; {"pass": "cold"|"warm"} encodes them
//                             all -> {"ns": CPU time of this thread, "bytes", "ids", "hash"}; cold: in a new thread,
//                             which has no piece cache yet
// MODEL is a folder or .gguf, or a .json that goldens/tokens.py wrote. Links nothing above weightfile; no program of
// ours.

#include <cstdio>
#include <ctime>
#include <iostream>
#include <thread>

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

struct Pass {
  std::int64_t ns = 0;
  std::size_t bytes = 0, ids = 0;
  std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a of the ids as 32-bit little-endian numbers, all texts in turn
};

std::int64_t thread_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

Pass encode_all(const text::Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  Pass p;
  std::vector<text::Ids> out(texts.size());
  const std::int64_t start = thread_ns();
  for (std::size_t i = 0; i < texts.size(); ++i) tokenizer.encode_text(texts[i], out[i]);
  p.ns = thread_ns() - start;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    p.bytes += texts[i].size();
    p.ids += out[i].size();
    for (const text::Id id : out[i]) {
      for (int shift = 0; shift < 32; shift += 8)
        p.hash = (p.hash ^ (static_cast<std::uint32_t>(id) >> shift & 0xFF)) * 0x100000001B3ULL;
    }
  }
  return p;
}

int speed(const std::string& model) {
  const auto tokenizer = oracle::tokenizer_from(model);
  if (!tokenizer) return fail(tokenizer.error());
  std::vector<std::string> texts;
  json::Document document;
  for (std::string line, out; std::getline(std::cin, line);) {
    const auto row = document.parse(line);
    if (!row) return fail(row.error());
    if (row->find("text")) texts.push_back(text_of(*row, "text"));
    if (row->find("clear")) texts.clear();
    const std::string kind = text_of(*row, "pass");
    if (kind.empty()) continue;
    Pass p;
    if (kind == "cold") {
      std::thread([&] { p = encode_all(*tokenizer, texts); }).join();
    } else {
      p = encode_all(*tokenizer, texts);
    }
    char hash[17];
    std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(p.hash));
    out.clear();
    json::Writer w(out);
    w.begin_object().member("ns", p.ns).key("bytes").value(static_cast<std::int64_t>(p.bytes));
    w.key("ids").value(static_cast<std::int64_t>(p.ids)).member("hash", std::string_view(hash)).end_object();
    std::cout << out << std::endl;
  }
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
