#include "lib/metrics/columns.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "lib/base/escape.h"
#include "lib/base/json.h"
#include "lib/records/lines.h"

namespace rm::metrics {
namespace {

class Reader {
 public:
  // All of a line or nothing of it.
  Result<void> take(const records::Line& line, const std::string& name) {
    RM_ASSIGN(const json::Value value, records::parse_line(document_, line, name));
    const std::string where = name + ":" + std::to_string(line.number);
    const auto step = value.find("step");
    const auto number = step ? step->integer() : std::nullopt;
    if (!number || *number < 0) {
      const std::string got = !step ? "no \"step\"" : "a \"step\" that is " + shown(*step);
      return make_error(Exit::kInput, "no_step", "has " + got + "; expected a whole number from 0", where);
    }
    fields_.clear();
    std::optional<Error> wrong;
    value.each_member([&](std::string_view key, json::Value v) {
      if (key == "step" || wrong) return;
      const auto n = v.number();
      if (n || v.is(json::Type::kNull)) {
        fields_.emplace_back(key, n.value_or(std::numeric_limits<double>::quiet_NaN()));
      } else {
        wrong = make_error(
            Exit::kInput, "wrong_type",
            "\"" + escape_text(key, 80) + "\" is " + json::name(v.type()) + "; expected a number or null", where);
      }
    });
    if (wrong) return *wrong;
    std::size_t at = 0;
    for (const auto& [key, v] : fields_) {
      RM_ASSIGN(Column * column, column_of(key, at, where));
      while (!column->points.empty() && column->points.back().step >= *number) column->points.pop_back();
      column->points.push_back({*number, v});
    }
    ++out_.lines;
    return {};
  }
  Columns& out() { return out_; }

 private:
  static std::string shown(json::Value v) {
    return v.is(json::Type::kNumber) ? v.dump() : std::string(json::name(v.type()));
  }
  // Lines of one kind have their names in one order: looking starts at `at`, behind the name before.
  Result<Column*> column_of(std::string_view key, std::size_t& at, const std::string& where) {
    auto& all = out_.columns;
    if (at >= all.size() || all[at].name != key) {
      at = static_cast<std::size_t>(std::ranges::find(all, key, &Column::name) - all.begin());
    }
    if (at == all.size()) {
      if (all.size() == kMostNames) {
        return make_error(Exit::kInput, "too_many_names",
                          "is the first with more than " + std::to_string(kMostNames) +
                              " different names in the file; is it a file of metrics?",
                          where);
      }
      all.push_back({std::string(key), {}});
    }
    return &all[at++];
  }

  json::Document document_;
  std::vector<std::pair<std::string_view, double>> fields_;  // views into the document
  Columns out_;
};

}  // namespace

const Column* Columns::find(std::string_view name) const {
  const auto there = std::ranges::find(columns, name, &Column::name);
  return there == columns.end() ? nullptr : &*there;
}

Result<Columns> read_columns(const std::string& path, const Bad& bad) {
  RM_ASSIGN(records::Lines in, records::Lines::open(path));
  Reader reader;
  records::Line line;
  for (;;) {
    RM_ASSIGN(const bool more, in.next(line));
    if (!more) break;
    const Result<void> taken = reader.take(line, in.name());
    if (taken) continue;
    if (!line.terminated && taken.error().reason == "truncated_line") {
      reader.out().torn = true;
      continue;
    }
    if (!bad) return taken.error();
    RM_TRY(bad(taken.error()));
  }
  return std::move(reader.out());
}

}  // namespace rm::metrics
