#include "tools/train/folder.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "lib/tune/step_folders.h"
#include "lib/weightfile/out_folder.h"

namespace rm::traincli {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// "rate       5e-06, cosine" -> "rate 5e-06, cosine".
std::string one_spaced(std::string_view s) {
  std::string out;
  for (const char c : s) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

// "\"rate 1e-4, cosine\" where this command says \"rate 2e-4, cosine\"" for each line that differs.
std::string differing(const std::string& then, const std::string& now) {
  const auto a = lines_of(then), b = lines_of(now);
  std::string out;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    out += (out.empty() ? "\"" : "; \"") + escape_text(one_spaced(a[i]), 200) + "\" where this command has \"" +
           one_spaced(b[i]) + "\"";
  }
  return out.empty() ? "other settings" : out;
}

}  // namespace

std::string to_json(const Notes& n) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("optimizer_steps", n.optimizer_steps).member("pass_tokens", n.pass_tokens);
  w.member("asked_tokens", n.asked_tokens);
  w.member("settings", n.settings).member("base", n.base).end_object();
  return out;
}

Result<Notes> read_notes(const RunOptions& o, const tune::FoundCheckpoint& c) {
  json::Document doc;
  const auto top = doc.parse(c.facts.notes);
  const auto find = [&](const char* key) { return top ? top->find(key).value_or(json::Value()) : json::Value(); };
  const auto steps = find("optimizer_steps").integer(), tokens = find("pass_tokens").integer(),
             asked = find("asked_tokens").integer();
  const auto settings = find("settings").string(), base = find("base").string();
  if (steps && *steps >= 0 && tokens && *tokens >= 1 && asked && *asked >= 0 && settings && base)
    return Notes{*steps, *tokens, *asked, std::string(*settings), std::string(*base)};
  return make_error(
      Exit::kModel, "bad_checkpoint",
      std::string("its notes lack optimizer_steps, pass_tokens, asked_tokens, settings or base: no checkpoint of ") +
          o.words.command,
      escape_text(c.path));
}

tune::Place FoundRun::place(const RunOptions& o) const {
  const tune::RunFacts& f = checkpoint.facts;
  return {f.step, f.epoch, f.position, runs_as_before(o) ? notes.pass_tokens : 0};
}

std::string checkpoints_of(const RunOptions& o) { return o.common.out + "/checkpoints"; }

Result<void> refuse_foreign(const RunOptions& o, const std::string& base) {
  RM_TRY(weightfile::refuse_own_folder(o.common.out, base));
  RM_ASSIGN(const auto steps, tune::step_folders(checkpoints_of(o)));
  return steps.empty() ? weightfile::refuse_model_folder(o.common.out) : Result<void>();
}

Result<std::optional<FoundRun>> find_run(const RunOptions& o, const std::function<void(const std::string&)>& say) {
  const std::string folder = checkpoints_of(o);
  RM_ASSIGN(const auto steps, tune::step_folders(folder));
  if (!steps.empty() && !o.resume) {
    return make_error(Exit::kUsage, "used",
                      "holds a run at step " + std::to_string(steps.front().step) +
                          ": --resume goes on with it; a new run needs another folder",
                      escape_text(o.common.out));
  }
  RM_ASSIGN(auto found, tune::newest_checkpoint(folder, say));
  if (!found) {
    if (o.resume) say("no checkpoint in " + escape_text(folder) + "; the run begins anew");
    return std::optional<FoundRun>();
  }
  RM_ASSIGN(Notes notes, read_notes(o, *found));
  return std::optional(FoundRun{*std::move(found), std::move(notes)});
}

Result<void> check_same(const RunOptions& o, const FoundRun& then, const Wanted& now) {
  const tune::RunFacts& f = then.checkpoint.facts;
  const auto differs = [&](const std::string& what) {
    return make_error(Exit::kUsage, "other_run",
                      "the run in " + then.checkpoint.path + " has " + what +
                          ": give what it was begun with, or another folder for a new run",
                      "--resume");
  };
  if (then.notes.base != now.base) return differs("another model to begin from (" + escape_text(f.base) + ")");
  if (f.settings != now.settings_hash) return differs(differing(then.notes.settings, now.settings));
  if (f.seed != now.seed)
    return differs("--seed " + std::to_string(f.seed) + " where this command has " + std::to_string(now.seed));
  if (f.data != now.data) return differs(std::string("other ") + o.words.many + " to learn, or in another order");
  return {};
}

Result<void> save_run(const RunOptions& o, const Wanted& wanted, const std::string& model, const tune::Place& p,
                      const tune::Trainer& trainer) {
  const tune::TrainerInfo i = trainer.info();
  tune::RunFacts f;
  f.seed = wanted.seed;
  f.data = wanted.data;
  f.settings = wanted.settings_hash;
  f.base = model;
  f.threads = i.threads;
  f.isa = i.isa;
  f.dtype = i.dtype;
  f.device = i.device;
  f.step = p.step;
  f.epoch = p.epoch;
  f.position = p.position;
  f.notes = to_json({trainer.steps(), p.pass_tokens, o.pass_tokens, wanted.settings, wanted.base});
  return tune::save_checkpoint(
      checkpoints_of(o), f, trainer.state(),
      [&trainer](std::size_t index, std::uint64_t first, std::span<float> to) {
        return trainer.read_state(index, first, to);
      },
      o.keep);
}

void tell_odds(const RunOptions& o, const FoundRun& found, const tune::TrainerInfo& now) {
  const tune::RunFacts& then = found.checkpoint.facts;
  const auto note = [&](const char* what, const std::string& a, const std::string& b) {
    if (a != b) {
      tell(o, std::string(what) + " was " + escape_text(a) + " and is " + b +
                  " now: the last bits of the weights will differ");
    }
  };
  note("the device", then.device, now.device);
  note("the arithmetic", then.dtype, now.dtype);
  note("the instruction set", then.isa, now.isa);
  note("the number of threads", std::to_string(then.threads), std::to_string(now.threads));
}

Result<void> load_state(const FoundRun& found, tune::Trainer& trainer) {
  RM_TRY(tune::load_checkpoint(found.checkpoint, trainer.state(),
                               [&](std::size_t index, std::uint64_t first, std::span<const float> from) {
                                 return trainer.write_state(index, first, from);
                               }));
  trainer.set_steps(found.notes.optimizer_steps);
  return {};
}

}  // namespace rm::traincli
