// Reads --chat files: see chat.h for their keys.

#include <array>

#include "lib/base/escape.h"
#include "lib/base/json.h"
#include "lib/text/chat_family.h"

namespace rm::text {
namespace {

Error bad(std::string_view key, const std::string& expected) {
  return make_error(Exit::kModel, "bad_template",
                    "chat template: \"" + escape_text(key, 60) + "\": expected " + expected);
}

Result<void> read_string(json::Value v, std::string_view key, std::string& out) {
  const auto s = v.string();
  if (!s) return bad(key, std::string("a string, got ") + json::name(v.type()));
  out = *s;
  return {};
}

Result<void> read_flag(json::Value v, std::string_view key, bool& out) {
  const auto b = v.boolean();
  if (!b) return bad(key, std::string("true or false, got ") + json::name(v.type()));
  out = *b;
  return {};
}

Result<void> read_turn(json::Value v, std::string_view key, std::optional<Around>& out) {
  const auto items = v.items();
  if (items.size() != 2 || !items[0].string() || !items[1].string()) return bad(key, "[text before, text after]");
  out = Around{std::string(*items[0].string()), std::string(*items[1].string())};
  return {};
}

Result<void> read_member(json::Value v, std::string_view key, Family& f, bool& has_generation) {
  if (key == "name") return read_string(v, key, f.name);
  if (key == "start") return read_string(v, key, f.start);
  if (key == "system") return read_turn(v, key, f.system);
  if (key == "user") return read_turn(v, key, f.user);
  if (key == "assistant") return read_turn(v, key, f.assistant);
  if (key == "trim") return read_flag(v, key, f.trim);
  if (key == "reasoning") return read_flag(v, key, f.reasoning);
  if (key == "default_system") return read_string(v, key, f.default_system.emplace());
  if (key == "generation") {
    has_generation = true;
    return read_string(v, key, f.generation);
  }
  if (key == "thoughts") {
    std::string word;
    RM_TRY(read_string(v, key, word));
    if (word != "keep" && word != "drop") return bad(key, "\"keep\" or \"drop\"");
    f.thoughts = word == "drop" ? Thoughts::kDrop : Thoughts::kKeep;
    return {};
  }
  if (key == "stop") {
    for (const json::Value& item : v.items()) {
      std::string& stop = f.stops.emplace_back();
      RM_TRY(read_string(item, key, stop));
      if (stop.empty()) return bad(key, "a list of tokens, got an empty one");
    }
    return {};
  }
  return bad(
      key, "one of name, start, system, user, assistant, generation, stop, default_system, trim, thoughts, reasoning");
}

}  // namespace

Result<Family> family_from_json(std::string_view file_text) {
  json::Document document;
  RM_ASSIGN(const json::Value root, document.parse(file_text));
  if (!root.is(json::Type::kObject)) return bad("", std::string("an object, got ") + json::name(root.type()));
  Family f;
  f.name = "custom";
  bool has_generation = false;
  std::optional<Error> error;
  root.each_member([&](std::string_view key, json::Value v) {
    if (error) return;
    if (const auto done = read_member(v, key, f, has_generation); !done) error = done.error();
  });
  if (error) return *error;
  if (!f.user) return bad("user", "[text before, text after]");
  if (!has_generation) return bad("generation", "the text that opens the model's turn");
  if (f.stops.empty()) return bad("stop", "a list of at least one token");
  if (f.default_system && !f.system) return bad("system", "[text before, text after], as there is a default_system");
  return f;
}

}  // namespace rm::text
