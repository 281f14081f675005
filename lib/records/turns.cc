#include "lib/records/turns.h"

#include "lib/base/json.h"

namespace rm::records {

void append_turns(std::string& out, std::span<const Message> turns, const char* role) {
  if (turns.size() == 1 && turns[0].role == role) return json::append_string(out, turns[0].content);
  json::Writer w(out);
  w.begin_array();
  for (const Message& m : turns) w.begin_object().member("role", m.role).member("content", m.content).end_object();
  w.end_array();
}

}  // namespace rm::records
