#include "lib/records/traces.h"

#include <utility>

#include "lib/records/fields.h"
#include "lib/records/judgment.h"

namespace rm::records {
namespace {

constexpr std::size_t kLongestLabel = 16;  // a `winner` longer than "model_a" is no label but a response

using Traces = std::vector<std::string>;

Result<Traces> only(const Found& f) {
  const auto text = f.value.string();
  if (!text) return wrong_type(f, "a string: the model's own text");
  return Traces{std::string(*text)};
}

Result<Traces> last_turn(const Found& f) {
  RM_ASSIGN(std::vector<Message> turns, read_messages(f));
  if (turns.back().role != "assistant") return Traces{};
  return Traces{std::move(turns.back().content)};
}

}  // namespace

Result<std::vector<std::string>> read_traces(const json::Value& record, const FieldMap& map) {
  const FieldFinder f(record, map);
  if (const auto judged = record.find("judgment"); judged && !judged->is(json::Type::kNull)) {
    RM_ASSIGN(Judgment j, read_judgment(*judged));
    Traces out;
    for (Sample& s : j.samples) out.push_back(std::move(s.text));
    return out;
  }
  if (const auto from = record.find("rubric_from"); from && from->find("text"))
    return only({"\"rubric_from.text\"", *from->find("text")});
  if (const auto response = f.first_of({"response", "sft_response"})) return only(*response);
  if (const auto winner = f.find("winner"); winner && winner->value.string()) {
    if (winner->value.string()->size() > kLongestLabel) return only(*winner);
  }
  if (const auto messages = f.find("messages")) return last_turn(*messages);
  return record_error("no_trace",
                      "the record holds nothing that a model wrote about it (fields seen: " + f.seen() +
                          "); expected \"judgment\" of rm-judge, or \"response\" or \"messages\" of a chain");
}

}  // namespace rm::records
