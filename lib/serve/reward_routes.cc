#include <utility>

#include "lib/serve/context.h"
#include "lib/serve/rollouts.h"

namespace rm::serve {
namespace {

using Reader = Result<std::vector<Rollout>> (*)(const json::Value&, const Limits&);

// Judges what the body holds; empty where an error has been replied.
std::optional<std::vector<Reward>> find_rewards(Context& c, const httplib::Request& req, httplib::Response& res,
                                                Reader read) {
  const Limits& limits = c.options.limits;
  Connection& connection = Front::current();
  Choices choices{c.judging.settings, std::nullopt};
  if (auto r = choose_by_query(choices, connection.head().query, limits); !r)
    return reply_error(res, r.error()), std::nullopt;
  json::Document doc;
  const auto body = doc.parse(req.body);
  if (!body) return reply_error(res, body.error()), std::nullopt;
  const auto rollouts = read(*body, limits);
  if (!rollouts) return reply_error(res, rollouts.error()), std::nullopt;

  const Place place(c);
  if (!place) return reply_error(res, 503, "busy", "too many requests are being judged; try again"), std::nullopt;
  const std::vector<Group> groups = group(*rollouts, c.judging, choices.settings);
  std::vector<Reward> rewards(rollouts->size());
  Batch batch(c.dispatcher, limits,
              [&connection] { return connection.gone([&] { return connection.send_interim(); }); });
  std::vector<const Group*> asked;
  for (const Group& g : groups) {
    if (g.entry.job) {
      batch.add(g.entry.job);
      asked.push_back(&g);
    } else {
      c.metrics.failed();
      settle(g, std::nullopt, rewards);
    }
  }
  if (auto r = batch.start(); !r) return reply_error(res, r.error()), std::nullopt;
  std::optional<Error> down;
  batch.run({nullptr,
             [&](std::size_t i, const std::optional<Error>& error) {
               if (error && error->exit == Exit::kUnavailable) down = error;
               error ? c.metrics.failed() : c.metrics.judged(asked[i]->entry.job->judgment());
               settle(*asked[i], error, rewards);
             },
             nullptr});
  // A trainer asks again after a 5xx; a made-up reward would only be learnt.
  if (down) return reply_error(res, *down), std::nullopt;
  return rewards;
}

void classify(Context& c, const httplib::Request& req, httplib::Response& res, Vector kind) {
  if (const auto rewards = find_rewards(c, req, res, read_classify))
    res.set_content(classify_reply(*rewards, c.dispatcher.model(), kind), "application/json");
}

}  // namespace

void openrlhf_route(Context& c, const httplib::Request& req, httplib::Response& res) {
  if (const auto rewards = find_rewards(c, req, res, read_openrlhf))
    res.set_content(openrlhf_reply(*rewards), "application/json");
}

void classify_route(Context& c, const httplib::Request& req, httplib::Response& res) {
  classify(c, req, res, Vector::kProbs);
}

void embeddings_route(Context& c, const httplib::Request& req, httplib::Response& res) {
  classify(c, req, res, Vector::kEmbedding);
}

}  // namespace rm::serve
