#include "lb/config/manifests.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/config/broken_text.h"
#include "lb/config/document_reader.h"
#include "lb/config/text_file.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Nothing of it was read.
void Refuse(const std::string& path, std::string message,
            Manifests* manifests) {
  manifests->understanding.broken_paths.push_back(path);
  manifests->understanding.unread_paths.push_back(path);
  manifests->problems.push_back({path, 0, "", "", std::move(message)});
}

// Of a file whose text is broken somewhere: the rest of it is not read.
void Break(const std::string& file, std::string_view text, Problem problem,
           Manifests* manifests) {
  Understanding& understanding = manifests->understanding;
  understanding.broken_paths.push_back(file);
  manifests->problems.push_back(std::move(problem));
  std::optional<std::set<std::string>> mentioned = ObjectsMentioned(text);
  if (mentioned) {
    understanding.mentioned.merge(*mentioned);
  } else {
    understanding.unread_paths.push_back(file);
  }
}

bool IsEmpty(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return text.find_first_not_of(kBlanks) == std::string_view::npos;
}

bool IsManifestName(const std::string& name) {
  return !name.starts_with(".") &&
         (name.ends_with(".yaml") || name.ends_with(".yml") ||
          name.ends_with(".json"));
}

// The manifest files of a folder, or the file itself.
std::vector<std::string> FilesOf(const std::string& path,
                                 Manifests* manifests) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code ignored;  // What cannot be asked is tried as a file.
    const bool folder = std::filesystem::is_directory(entry->path(), ignored);
    if (IsManifestName(name) && !folder) files.push_back(entry->path());
  }
  if (error) {
    Refuse(path, fmt::format("cannot list the folder: {}", error.message()),
           manifests);
  } else {
    manifests->understanding.read_paths.insert(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

void ParseManifests(std::string_view file, std::string_view text,
                    const ManifestOptions& options, Manifests* manifests) {
  const std::string name(file);
  if (IsEmpty(text)) manifests->understanding.empty_files.push_back(name);
  DocumentReader reader(file, options, manifests);
  const std::optional<YamlError> error = ForEachYamlDocument(
      text, [&](const YamlNode& document) { reader.Read(document); });
  if (error) {
    return Break(name, text, {name, error->line, "yaml", "", error->message},
                 manifests);
  }
  if (reader.document_count() > kDocumentsPerFileMax) {
    return Refuse(name,
                  fmt::format("{} objects, want at most {}; the rest is not "
                              "read",
                              reader.document_count(), kDocumentsPerFileMax),
                  manifests);
  }
  manifests->understanding.read_paths.insert(name);
}

Manifests LoadManifests(absl::Span<const std::string> paths,
                        const ManifestOptions& options) {
  Manifests manifests;
  size_t files = 0;
  for (const std::string& path : paths) {
    for (const std::string& file : FilesOf(path, &manifests)) {
      if (++files > kFilesMax) {
        manifests.understanding.read_paths.erase(path);
        Refuse(path,
               fmt::format("{} and what follows is not read, want at most {} "
                           "files",
                           file, kFilesMax),
               &manifests);
        break;
      }
      const absl::StatusOr<std::string> text =
          ReadTextFile(file, kFileBytesMax);
      if (text.ok()) {
        ParseManifests(file, *text, options, &manifests);
      } else {
        Refuse(file, std::string(text.status().message()), &manifests);
      }
    }
  }
  if (!paths.empty() && manifests.read_count == 0 &&
      manifests.problems.empty()) {
    // Objects that were there are gone; their addresses stay reserved.
    manifests.understanding.unread_paths.push_back("");
    manifests.problems.push_back(
        {fmt::format("{}", fmt::join(paths, ", ")), 0, "", "",
         "nothing found, want IPAddressPool, L2Advertisement and Service "
         "objects in files *.yaml, *.yml or *.json"});
  }
  return manifests;
}

}  // namespace lb::config
