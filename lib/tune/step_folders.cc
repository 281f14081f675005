#include "lib/tune/step_folders.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>
#include <tuple>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/folders.h"
#include "lib/base/number.h"

namespace rm::tune {
namespace {

constexpr std::string_view kPrefix = "step-", kPartial = ".partial", kReplaced = ".replaced";
constexpr std::size_t kDigits = 8;

std::string step_name(std::int64_t step) {
  return std::string(kPrefix) + format_padded(static_cast<std::uint64_t>(step), kDigits);
}

// The step of a name as step_name() makes it.
std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const auto step = parse_int(name.substr(kPrefix.size()));
  if (!step || *step < 0 || step_name(*step) != name) return std::nullopt;
  return step;
}

bool ends_off(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

// Names of folders in it.
Result<std::vector<std::string>> list(const std::string& folder) {
  std::vector<std::string> out;
  if (!fd::kind_of_path(folder)) return out;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto kind = fd::kind_of_path(it->path().string());
    if (kind && kind->folder) out.push_back(it->path().filename().string());
  }
  if (error) return fd::system_error(Exit::kIo, error.value(), "cannot list the folder", folder);
  return out;
}

Result<void> remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return fd::system_error(Exit::kIo, error.value(), "cannot remove the folder", path);
  return {};
}

Result<void> rename_folder(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return fd::system_error(Exit::kIo, errno, "cannot put the folder in place as " + escape_text(to), from);
}

// A name that readers overlook, then no name at all: killed in between, nothing half removed is taken for a checkpoint.
Result<void> retire(const std::string& folder, const StepFolder& s) {
  const std::string aside = partial_path(folder, s.step);
  RM_TRY(remove_tree(aside));
  RM_TRY(rename_folder(s.path, aside));
  return remove_tree(aside);
}

}  // namespace

std::string step_path(const std::string& folder, std::int64_t step) { return folder + "/" + step_name(step); }

std::string partial_path(const std::string& folder, std::int64_t step) {
  return step_path(folder, step) + std::string(kPartial);
}

Result<std::vector<StepFolder>> step_folders(const std::string& folder) {
  RM_ASSIGN(const auto names, list(folder));
  std::vector<StepFolder> out;
  for (const std::string& name : names) {
    std::string_view stem = name;
    const bool replaced = ends_off(stem, kReplaced);
    if (const auto step = step_of(stem)) out.push_back({*step, replaced, folder + "/" + name});
  }
  std::sort(out.begin(), out.end(), [](const StepFolder& a, const StepFolder& b) {
    return std::tuple(b.step, a.replaced) < std::tuple(a.step, b.replaced);
  });
  return out;
}

Result<void> tidy(const std::string& folder) {
  RM_ASSIGN(const auto names, list(folder));
  for (const std::string& name : names) {
    std::string_view stem = name;
    const std::string path = folder + "/" + name;
    if (ends_off(stem, kPartial) && step_of(stem)) {
      RM_TRY(remove_tree(path));
    } else if (ends_off(stem, kReplaced) && step_of(stem)) {
      const std::string home = folder + "/" + std::string(stem);
      if (!fd::kind_of_path(home)) RM_TRY(rename_folder(path, home));
    }
  }
  return {};
}

Result<void> put_in_place(const std::string& folder, std::int64_t step) {
  const std::string path = step_path(folder, step), partial = partial_path(folder, step);
  if (fd::kind_of_path(path)) {
    if (::renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) {
      const auto synced = sync_folder(folder);
      if (synced) return remove_tree(partial);
      (void)::renameat2(AT_FDCWD, partial.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE);  // as it was
      return synced;
    }
    if (errno != EINVAL && errno != ENOSYS)
      return fd::system_error(Exit::kIo, errno, "cannot replace the checkpoint of the same step", path);
    const std::string replaced = path + std::string(kReplaced);
    RM_TRY(remove_tree(replaced));
    RM_TRY(rename_folder(path, replaced));
  }
  RM_TRY(rename_folder(partial, path));
  return sync_folder(folder);
}

Result<void> remove_old(const std::string& folder, std::int64_t step, std::int64_t keep) {
  RM_ASSIGN(const auto all, step_folders(folder));
  std::int64_t kept = 0;
  for (const StepFolder& s : all) {
    const bool old = keep > 0 && (s.step > step || kept == keep);
    if (s.replaced || old)
      RM_TRY(retire(folder, s));
    else
      ++kept;
  }
  return {};
}

}  // namespace rm::tune
