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
#include "lb/config/folder_entry.h"
#include "lb/config/text_file.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {
namespace {

// Nothing of it was read.
void Refuse(const std::string& path, std::string message,
            Manifests* manifests) {
  manifests->understanding.broken_paths.push_back(path);
  manifests->understanding.unread_paths.push_back(path);
  manifests->problems.push_back({{path, 0}, "", "", std::move(message)});
}

// Notes that the text of a file is broken: the rest of it is not read.
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

// Is it one of the paths that are read anyway?
bool IsGiven(const std::filesystem::path& path,
             absl::Span<const std::string> given) {
  return std::any_of(given.begin(), given.end(), [&](const std::string& each) {
    const auto normal = (std::filesystem::path(each) / "").lexically_normal();
    return normal == (path / "").lexically_normal();
  });
}

// The manifest files of a folder, or the file itself. `given` are all paths.
std::vector<std::string> FilesOf(const std::string& path,
                                 absl::Span<const std::string> given,
                                 Manifests* manifests) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  std::vector<Problem> notices;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator();
       entry.increment(error)) {
    const FolderEntry found = JudgeFolderEntry(*entry);
    if (found.is_manifest) files.push_back(entry->path());
    if (found.notice.empty() || IsGiven(entry->path(), given)) continue;
    manifests->unread_files += found.unread_files;
    notices.push_back({{entry->path(), 0}, "", "", found.notice});
  }
  if (error) {
    Refuse(path, fmt::format("cannot list the folder: {}", error.message()),
           manifests);
  } else {
    manifests->understanding.read_paths.insert(path);
  }
  std::sort(files.begin(), files.end());
  std::sort(notices.begin(), notices.end());
  manifests->notices.insert(manifests->notices.end(), notices.begin(),
                            notices.end());
  return files;
}

}  // namespace

Origin Object::OriginOf(std::string_view field) const {
  const auto line = field_lines.find(field);
  return line == field_lines.end() ? origin : origin.AtLine(line->second);
}

void ParseManifests(std::string_view file, std::string_view text,
                    const ManifestOptions& options, Manifests* manifests) {
  const std::string name(file);
  if (text.empty()) manifests->understanding.empty_files.push_back(name);
  DocumentReader reader(file, options, manifests);
  const std::optional<YamlError> error = ForEachYamlDocument(
      text, [&](const YamlNode& document) { reader.Read(document); });
  if (error) {
    return Break(name, text, {{name, error->line}, "yaml", "", error->message},
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
    for (const std::string& file : FilesOf(path, paths, &manifests)) {
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
        {{fmt::format("{}", fmt::join(paths, ", ")), 0},
         "",
         "",
         "nothing found, want IPAddressPool, L2Advertisement and Service "
         "objects in files *.yaml, *.yml or *.json"});
  }
  return manifests;
}

}  // namespace lb::config
