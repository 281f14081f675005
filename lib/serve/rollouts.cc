#include "lib/serve/rollouts.h"

#include <map>
#include <utility>

#include "lib/serve/rendered.h"

namespace rm::serve {
namespace {

using text::Message;

Error bad(std::string message) { return make_error(Exit::kInput, "bad_request", std::move(message)); }

// A string, or an array of them, as a list.
Result<std::vector<std::string>> read_texts(const json::Value& body, const char* field, const Limits& limits) {
  const auto value = body.find(field);
  if (!value) return bad(std::string("\"") + field + "\" is missing");
  std::vector<std::string> out;
  if (const auto one = value->string()) {
    out.emplace_back(*one);
    return out;
  }
  if (!value->is(json::Type::kArray))
    return bad(std::string("\"") + field + "\" must be a string or an array of strings");
  if (value->size() > limits.records) return bad("more than " + std::to_string(limits.records) + " items");
  for (const json::Value& item : value->items()) {
    const auto s = item.string();
    if (!s)
      return bad(std::string("\"") + field + "\"[" + std::to_string(out.size()) + "] is " + name(item.type()) +
                 "; expected a string");
    out.emplace_back(*s);
  }
  return out;
}

// Labels are whatever the data set holds; only texts and numbers can be references.
std::vector<std::string> read_labels(const json::Value& body, std::size_t count) {
  std::vector<std::string> out(count);
  const auto labels = body.find("labels");
  if (!labels || !labels->is(json::Type::kArray)) return out;
  labels->each_item([&](std::size_t i, json::Value v) {
    if (i >= count) return;
    if (const auto s = v.string())
      out[i] = *s;
    else if (v.is(json::Type::kNumber))
      out[i] = v.dump();
  });
  return out;
}

Rollout split_last(std::vector<Message> turns) {
  Rollout r;
  r.answer = without_end_marks(turns.back().content);
  turns.pop_back();
  r.prompt = std::move(turns);
  return r;
}

bool ends_in_answer(const std::vector<Message>& turns) { return turns.size() > 1 && turns.back().role == "assistant"; }

// `query` is the prompt as the policy saw it and what it wrote. Where the prompt is known nothing in the answer can move the
// border between them.
std::optional<Rollout> read_query(std::string_view query, const std::string* prompt) {
  if (prompt == nullptr || prompt->empty() || !query.starts_with(*prompt)) {
    auto turns = read_rendered(query);
    if (!ends_in_answer(turns)) return std::nullopt;
    return split_last(std::move(turns));
  }
  auto turns = read_rendered(*prompt);
  const std::string_view written = query.substr(prompt->size());
  Rollout r;
  if (ends_in_answer(turns)) {  // the generation prompt, perhaps with the beginning of an answer
    r = split_last(std::move(turns));
    if (!r.answer.empty()) r.answer += '\n';
  } else if (!turns.empty()) {
    r.prompt = std::move(turns);
  } else {
    r.prompt = {{"user", *prompt}};
  }
  r.answer += without_end_marks(written);
  return r;
}

void write_messages(json::Writer& w, const std::vector<Message>& messages) {
  w.begin_array();
  for (const Message& m : messages)
    w.begin_object()
        .member("role", std::string_view(m.role))
        .member("content", std::string_view(m.content))
        .end_object();
  w.end_array();
}

std::string key_of(const Rollout& r) {
  std::string key;
  for (const Message& m : r.prompt)
    key += std::to_string(m.role.size()) + m.role + std::to_string(m.content.size()) + ":" + m.content;
  return key;
}

std::string record_of(const std::vector<Rollout>& rollouts, const std::vector<std::size_t>& members) {
  const Rollout& first = rollouts[members.front()];
  std::string out;
  json::Writer w(out);
  w.begin_object().key("prompt");
  write_messages(w, first.prompt);
  if (members.size() > 1) {
    w.key("responses").begin_array();
    for (const std::size_t i : members) w.value(std::string_view(rollouts[i].answer));
    w.end_array();
  } else if (!first.reference.empty()) {
    w.member("response_a", std::string_view(first.answer)).member("response_b", std::string_view(first.reference));
  } else {
    w.member("response", std::string_view(first.answer));
  }
  w.end_object();
  return out;
}

}  // namespace

Result<std::vector<Rollout>> read_openrlhf(const json::Value& body, const Limits& limits) {
  if (!body.is(json::Type::kObject)) return bad("the body must be an object with \"query\"");
  RM_ASSIGN(const std::vector<std::string> queries, read_texts(body, "query", limits));
  std::vector<std::string> prompts;
  if (body.find("prompts")) {
    RM_ASSIGN(prompts, read_texts(body, "prompts", limits));
    if (prompts.size() != queries.size())
      return bad("\"query\" has " + std::to_string(queries.size()) + " items and \"prompts\" " +
                 std::to_string(prompts.size()));
  }
  const std::vector<std::string> labels = read_labels(body, queries.size());
  std::vector<Rollout> out;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    auto r = read_query(queries[i], prompts.empty() ? nullptr : &prompts[i]);
    if (!r)
      return bad(
          "\"query\"[" + std::to_string(i) +
          "]: cannot tell the answer from the prompt; send \"prompts\" too, or text rendered by a chat template");
    r->reference = labels[i];
    out.push_back(std::move(*r));
  }
  return out;
}

Result<std::vector<Rollout>> read_classify(const json::Value& body, const Limits& limits) {
  if (!body.is(json::Type::kObject)) return bad("the body must be an object with \"input\"");
  RM_ASSIGN(const std::vector<std::string> inputs, read_texts(body, "input", limits));
  std::vector<Rollout> out;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    auto r = read_query(inputs[i], nullptr);
    if (!r)
      return bad("\"input\"[" + std::to_string(i) +
                 "]: expected a conversation rendered by a chat template that ends in an assistant's turn");
    out.push_back(std::move(*r));
  }
  return out;
}

std::vector<Group> group(const std::vector<Rollout>& rollouts, const Judging& judging,
                         const judge::Settings& settings) {
  std::vector<Group> groups;
  std::map<std::string, std::size_t> by_prompt;
  for (std::size_t i = 0; i < rollouts.size(); ++i) {
    const auto [it, fresh] = by_prompt.emplace(key_of(rollouts[i]), groups.size());
    if (fresh) groups.emplace_back();
    groups[it->second].members.push_back(i);
  }
  for (Group& g : groups) {
    g.settings = settings;
    const bool compare = g.members.size() > 1 || !rollouts[g.members.front()].reference.empty();
    if (compare)
      g.settings.rate.reset();
    else if (!g.settings.rate)
      g.settings.rate = judge::Scale{};
    std::string text = record_of(rollouts, g.members);
    json::Document doc;
    const auto record = doc.parse(text);  // our own writing
    g.entry = make_entry(std::move(text), *record, g.members.front() + 1, judging, g.settings);
  }
  return groups;
}

void settle(const Group& g, const std::optional<Error>& error, std::vector<Reward>& rewards) {
  if (error || !g.entry.job) {
    for (const std::size_t i : g.members) rewards[i].failed = true;
    return;
  }
  const auto values = judge::rewards(g.entry.job->judgment(), g.settings);
  for (std::size_t k = 0; k < g.members.size(); ++k) {
    Reward& r = rewards[g.members[k]];
    r.unparsed = k >= values.size() || !values[k];
    if (!r.unparsed) r.value = *values[k];
  }
}

std::string openrlhf_reply(const std::vector<Reward>& rewards) {
  std::string out;
  json::Writer w(out);
  const auto list = [&](const char* key, auto value) {
    w.key(key).begin_array();
    for (const Reward& r : rewards) w.value(value(r));
    w.end_array();
  };
  w.begin_object();
  list("rewards", [](const Reward& r) { return r.value; });
  list("scores", [](const Reward& r) { return r.value; });
  w.key("extra_logs").begin_object();
  list("judge_unparsed", [](const Reward& r) { return r.unparsed ? 1 : 0; });
  list("judge_failed", [](const Reward& r) { return r.failed ? 1 : 0; });
  w.end_object().end_object();
  return out += '\n';
}

std::string classify_reply(const std::vector<Reward>& rewards, std::string_view model, Vector kind) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("object", "list").member("model", model).key("data").begin_array();
  for (std::size_t i = 0; i < rewards.size(); ++i) {
    const Reward& r = rewards[i];
    w.begin_object().member("index", static_cast<std::uint64_t>(i));
    if (kind == Vector::kEmbedding) {
      w.member("object", "embedding").key("embedding").begin_array().value(r.value).end_array();
    } else {
      w.member("label", r.failed ? "failed" : r.unparsed ? "unparsed" : "reward");
      w.key("probs").begin_array().value(r.value).end_array().member("num_classes", 1);
    }
    w.end_object();
  }
  w.end_array().key("usage").begin_object().member("prompt_tokens", 0).member("total_tokens", 0);
  w.end_object().end_object();
  return out += '\n';
}

}  // namespace rm::serve
