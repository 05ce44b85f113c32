#include "lb/config/folder_entry.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "lb/base/nearest.h"

namespace lb::config {
namespace {

constexpr std::array<std::string_view, 3> kEndings = {".yaml", ".yml", ".json"};
// At most so many entries of a subfolder are looked at.
constexpr size_t kEntriesMax = 1000;

bool IsEnding(std::string_view ending) {
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

bool IsHidden(const std::string& name) { return name.starts_with("."); }

size_t CountManifests(const std::filesystem::path& folder) {
  size_t count = 0;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (size_t seen = 0; !error && seen < kEntriesMax &&
                        entry != std::filesystem::directory_iterator();
       entry.increment(error), ++seen) {
    const std::filesystem::path& path = entry->path();
    count += !IsHidden(path.filename()) && IsEnding(path.extension().string());
  }
  return count;
}

// Why a file that seems to be a manifest is not read; empty: it seems to be
// none.
std::string WhyUnread(const std::filesystem::path& path) {
  const std::string ending = path.extension();
  const std::string lower = absl::AsciiStrToLower(ending);
  if (IsHidden(path.filename())) {
    // ".#web.yaml" is an editor's lock.
    const bool is_lock = path.filename().string().starts_with(".#");
    return IsEnding(lower) && !is_lock
               ? "not read: hidden, want a name without '.' in front"
               : "";
  }
  if (IsEnding(lower)) {
    return fmt::format("not read, want a name that ends in {} in lower case",
                       lower);
  }
  for (const std::string_view wanted : kEndings) {
    if (lower.empty() || EditDistance(lower, wanted) > 1) continue;
    return fmt::format("not read, want a name that ends in {}", wanted);
  }
  return "";
}

}  // namespace

FolderEntry JudgeFolderEntry(const std::filesystem::directory_entry& entry) {
  const std::filesystem::path& path = entry.path();
  std::error_code ignored;  // What cannot be asked is tried as a file.
  if (std::filesystem::is_directory(path, ignored)) {
    const size_t count = IsHidden(path.filename()) ? 0 : CountManifests(path);
    if (count == 0) return {};
    return {.unread_files = count,
            .notice = fmt::format(
                "a subfolder with {} manifest files, not read: want it named "
                "with manifests, too",
                count)};
  }
  if (!IsHidden(path.filename()) && IsEnding(path.extension().string())) {
    return {.is_manifest = true};
  }
  std::string why = WhyUnread(path);
  const size_t count = why.empty() ? 0 : 1;
  return {.unread_files = count, .notice = std::move(why)};
}

}  // namespace lb::config
