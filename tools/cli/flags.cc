#include "tools/cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "version.h"

namespace rm::cli {

struct Parser::Impl {
  CLI::App app;
  std::string program, examples, current;

  CLI::Option* named(CLI::Option* o, const std::string& value) {
    return o->group(current)->option_text(value)->take_last();
  }
};

namespace {

std::string shown(const std::string& s) { return "\"" + escape_text(s, 80) + "\""; }

// Help as the man pages write it: flags with their argument in one column, what they do in the next.
class Layout : public CLI::Formatter {
 public:
  explicit Layout(const std::string& examples) : examples_(examples) { column_width(34); }
  std::string make_usage(const CLI::App*, std::string) const override { return examples_ + "\n"; }
  std::string make_option_opts(const CLI::Option* o) const override {
    const std::string value = o->get_option_text();
    return value.empty() ? "" : " " + value;
  }

 private:
  std::string examples_;
};

// One blank line between groups, none at the end.
std::string tidy(const std::string& help) {
  std::string out;
  for (const char c : help) {
    if (c != '\n' || !out.ends_with("\n\n")) out += c;
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace

Parser::Parser(std::string program, std::string about, std::string examples) : impl_(std::make_unique<Impl>()) {
  impl_->program = std::move(program);
  impl_->examples = std::move(examples);
  CLI::App& app = impl_->app;
  app.description(impl_->program + ": " + about + "\n");
  app.name(impl_->program);
  app.formatter(std::make_shared<Layout>(impl_->examples));
  app.set_help_flag();
  app.get_formatter()->label("Options", "Other");
  app.get_formatter()->label("Positionals", "Files");
}

Parser::~Parser() = default;

Parser& Parser::group(std::string name) {
  impl_->current = std::move(name);
  return *this;
}

Parser& Parser::text(const std::string& names, const std::string& value, std::string& to, const std::string& help,
                     bool* given) {
  impl_->named(impl_->app.add_option_function<std::string>(
                   names,
                   [&to, given](const std::string& v) {
                     to = v;
                     if (given != nullptr) *given = true;
                   },
                   help),
               value);
  return *this;
}

Parser& Parser::texts(const std::string& names, const std::string& value, std::vector<std::string>& to,
                      const std::string& help) {
  CLI::Option* option = impl_->app.add_option_function<std::vector<std::string>>(
      names, [&to](const std::vector<std::string>& v) { to = v; }, help);
  impl_->named(option, value);
  option->take_all()->allow_extra_args(false);
  return *this;
}

Parser& Parser::choice(const std::string& names, std::vector<std::string> of, std::string& to,
                       const std::string& help) {
  std::string list;
  for (const std::string& word : of) list += (list.empty() ? "" : "|") + word;
  impl_->named(impl_->app.add_option_function<std::string>(
                   names,
                   [&to, of, list, names](const std::string& v) {
                     if (std::find(of.begin(), of.end(), v) == of.end())
                       throw CLI::ValidationError(names, shown(v) + " is not one of " + list);
                     to = v;
                   },
                   help),
               list);
  return *this;
}

Parser& Parser::integer(const std::string& names, const std::string& value, std::int64_t& to, std::int64_t low,
                        std::int64_t high, const std::string& help) {
  impl_->named(impl_->app.add_option_function<std::string>(
                   names,
                   [&to, low, high, names](const std::string& v) {
                     const auto n = parse_int(v);
                     if (!n || *n < low || *n > high) {
                       throw CLI::ValidationError(names, shown(v) + " is not a whole number from " +
                                                             std::to_string(low) + " to " + std::to_string(high));
                     }
                     to = *n;
                   },
                   help),
               value);
  return *this;
}

Parser& Parser::unsigned_integer(const std::string& names, const std::string& value, std::uint64_t& to,
                                 const std::string& help) {
  impl_->named(impl_->app.add_option_function<std::string>(
                   names,
                   [&to, names](const std::string& v) {
                     const auto n = parse_unsigned(v);
                     if (!n)
                       throw CLI::ValidationError(names,
                                                  shown(v) + " is not a whole number from 0 to 18446744073709551615");
                     to = *n;
                   },
                   help),
               value);
  return *this;
}

Parser& Parser::real(const std::string& names, const std::string& value, std::optional<double>& to, double low,
                     double high, const std::string& help) {
  impl_->named(impl_->app.add_option_function<std::string>(
                   names,
                   [&to, low, high, names](const std::string& v) {
                     const auto n = parse_double(v);
                     if (!n || *n < low || *n > high) {
                       throw CLI::ValidationError(names, shown(v) + " is not a number from " + format_fixed(low, 0) +
                                                             " to " + format_fixed(high, 0));
                     }
                     to = *n;
                   },
                   help),
               value);
  return *this;
}

Parser& Parser::flag(const std::string& names, bool& to, const std::string& help) {
  impl_->app
      .add_flag_function(
          names, [&to](std::int64_t count) { to = count > 0; }, help)
      ->group(impl_->current);
  return *this;
}

Parser& Parser::files(const std::string& value, std::vector<std::string>& to, const std::string& help) {
  CLI::Option* option = impl_->app.add_option_function<std::vector<std::string>>(
      value, [&to](const std::vector<std::string>& v) { to = v; }, help);
  option->option_text(" ")->expected(0, CLI::detail::expected_max_vector_size);
  return *this;
}

std::string Parser::program() const { return impl_->program.substr(0, impl_->program.find(' ')); }

Parsed Parser::parse(int argc, char** argv) {
  Parsed p;
  bool version = false, help = false;
  group("Other");
  flag("--version", version, "Print the version and end");
  flag("--help", help, "Print this and end; " + program() + "(1) says more");
  // Asked for anywhere, these two win over whatever else is wrong with the line.
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (a == "--") break;
    if (a == "--help") return p.go_on = false, p.text = tidy(impl_->app.help()), p;
    if (a == "--version") return p.go_on = false, p.text = impl_->program + " " RM_VERSION "\n", p;
  }
  try {
    impl_->app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    p.go_on = false;
    p.exit = Exit::kUsage;
    const auto extra = impl_->app.remaining();
    p.text =
        extra.empty() ? escape_text(e.what(), 500) : shown(extra.front()) + " is neither a flag nor the value of one";
    p.text += " (" + impl_->program + " --help lists the flags)";
  }
  return p;
}

}  // namespace rm::cli
