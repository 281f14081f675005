// The flags that programs share, each declared once, with the groups they come in.
//
// A program makes a Parser, adds the groups it needs and its own flags, and parses. Nothing here opens a file. Numbers are
// read strictly ("1e9x" and "08h" are errors) and whatever the locale says; what does not parse ends in exit code 2 with the
// flag's name. The CLI library stays behind this header.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace rm::cli {

struct Common {
  std::string in = "-", out = "-";
  bool in_given = false, out_given = false;
  std::uint64_t seed = 0;
  std::string map;
  std::string on_error = "record";  // record, skip, stop
  std::string summary;
  std::string color = "auto";
  bool quiet = false, dry_run = false;
};

struct Length {
  std::string shard, shard_by;
  bool resume = false;
};

struct Model {
  std::vector<std::string> models;  // as given: paths, URLs, @files; empty: the default model
  std::string api_model, emit_batch, from_batch;
  std::optional<double> timeout;  // seconds
  std::int64_t max_inflight = 0;  // 0: 64
  std::string adapter, device = "auto", dtype = "auto";
  std::int64_t threads = 0, batch = 0, draft = -1, context = 0, max_tokens = 0;  // draft -1: not given
  bool deterministic = false;
  std::optional<double> temperature, top_p;
  std::string form, prompt, chat;  // form: cor, plain, or empty: as the chat template says
};

// What parse() came to: go on, or print this and end.
struct Parsed {
  bool go_on = true;
  Exit exit = Exit::kDone;
  std::string text;  // --help or --version for standard output; with kUsage a message for standard error
};

class Parser {
 public:
  // `program` may have a verb behind it ("rm-eval score"). `about` is one sentence; `examples` stand above the flags in
  // --help.
  Parser(std::string program, std::string about, std::string examples);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Parser& group(std::string name);  // heading in --help for the flags that follow
  // `names` as "-m,--model"; `value` names the argument in --help.
  Parser& text(const std::string& names, const std::string& value, std::string& to, const std::string& help,
               bool* given = nullptr);
  // May be given several times; the values in order.
  Parser& texts(const std::string& names, const std::string& value, std::vector<std::string>& to,
                const std::string& help);
  Parser& choice(const std::string& names, std::vector<std::string> of, std::string& to, const std::string& help);
  Parser& integer(const std::string& names, const std::string& value, std::int64_t& to, std::int64_t low,
                  std::int64_t high, const std::string& help);
  Parser& unsigned_integer(const std::string& names, const std::string& value, std::uint64_t& to,
                           const std::string& help);
  Parser& real(const std::string& names, const std::string& value, std::optional<double>& to, double low, double high,
               const std::string& help);
  Parser& flag(const std::string& names, bool& to, const std::string& help);
  // What stands on the line without a flag, in order; shown as `value` under "Files".
  Parser& files(const std::string& value, std::vector<std::string>& to, const std::string& help);

  Parser& add(Common& c);
  Parser& add(Length& l);
  Parser& add(Model& m);

  Parsed parse(int argc, char** argv);
  std::string program() const;  // without the verb

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rm::cli
