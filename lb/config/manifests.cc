#include "lb/config/manifests.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "lb/config/fields.h"
#include "lb/config/object_readers.h"
#include "lb/config/text_file.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {
namespace {

using Value = std::optional<ObjectValue>;

// One kind of object that is read.
struct KindReader {
  std::string_view api_version;
  std::string_view kind;
  bool named_by_namespace;  // In problems: "Kind/namespace/name".
  // Nullopt: nothing for us in it, or faults.
  Value (*read)(const Fields& root, const Metadata& metadata,
                const ManifestOptions& options);
};

constexpr std::array<KindReader, 6> kKinds = {{
    {"metallb.io/v1beta1", "IPAddressPool", false,
     [](const Fields& root, const Metadata& metadata,
        const ManifestOptions&) -> Value { return ReadPool(root, metadata); }},
    {"metallb.io/v1beta1", "L2Advertisement", false,
     [](const Fields& root, const Metadata& metadata, const ManifestOptions&)
         -> Value { return ReadL2Advertisement(root, metadata); }},
    {"v1", "Service", true,
     [](const Fields& root, const Metadata& metadata,
        const ManifestOptions& options) -> Value {
       return ReadService(root, metadata, options);
     }},
    {"discovery.k8s.io/v1", "EndpointSlice", true,
     [](const Fields& root, const Metadata& metadata, const ManifestOptions&)
         -> Value { return ReadEndpointSlice(root, metadata); }},
    {"v1", "Node", false,
     [](const Fields& root, const Metadata& metadata,
        const ManifestOptions&) -> Value { return ReadNode(root, metadata); }},
    {"v1", "Namespace", false,
     [](const Fields&, const Metadata& metadata,
        const ManifestOptions&) -> Value { return ReadNamespace(metadata); }},
}};

std::string_view GroupOf(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? "" : api_version.substr(0, slash);
}

const KindReader* FindKind(std::string_view api_version,
                           std::string_view kind) {
  for (const KindReader& reader : kKinds) {
    if (reader.kind == kind &&
        GroupOf(reader.api_version) == GroupOf(api_version)) {
      return &reader;
    }
  }
  return nullptr;
}

// The text of a field that may be of any type; "" unless it is a text.
std::string PeekText(const YamlNode* map, std::string_view key) {
  const YamlNode* const node = map == nullptr ? nullptr : map->Find(key);
  return node == nullptr ? "" : node->text;
}

// How problems call the object, whose fields may be wrong themselves.
std::string ObjectName(const KindReader& reader, const YamlNode& root) {
  const YamlNode* const metadata = root.Find("metadata");
  std::string name = PeekText(metadata, "name");
  if (name.empty()) name = "?";
  if (!reader.named_by_namespace) {
    return fmt::format("{}/{}", reader.kind, name);
  }
  std::string object_namespace = PeekText(metadata, "namespace");
  if (object_namespace.empty()) object_namespace = "default";
  return fmt::format("{}/{}/{}", reader.kind, object_namespace, name);
}

// Reads the documents of one file.
class FileReader {
 public:
  FileReader(std::string_view file, const ManifestOptions& options,
             Manifests* manifests)
      : file_(file), options_(options), manifests_(manifests) {}

  void Read(std::string_view text) {
    const std::optional<YamlError> error = ForEachYamlDocument(
        text, [this](const YamlNode& document) { ReadDocument(document); });
    if (error) Break(error->line, "yaml", error->message);
    if (documents_ > kDocumentsPerFileMax) {
      Break(0, "",
            fmt::format("{} objects, want at most {}; the rest is not "
                        "read",
                        documents_, kDocumentsPerFileMax));
    }
  }

 private:
  void Break(int line, std::string object, std::string message) {
    manifests_->broken_paths.push_back(file_);
    manifests_->problems.push_back(
        {file_, line, std::move(object), "", std::move(message)});
  }

  void ReadDocument(const YamlNode& document) {
    if (document.kind == YamlNode::Kind::kNull) return;
    if (++documents_ > kDocumentsPerFileMax) return;
    if (document.kind != YamlNode::Kind::kMap) {
      manifests_->problems.push_back(
          {file_, document.line, "", "",
           fmt::format("{}, want a Kubernetes object", Describe(document))});
      return;
    }
    const std::string kind = PeekText(&document, "kind");
    const YamlNode* const items = document.Find("items");
    if (kind.ends_with("List") && items != nullptr) {
      for (const YamlNode& item : items->children) ReadDocument(item);
      return;
    }
    ReadObject(document, PeekText(&document, "apiVersion"), kind);
  }

  void ReadObject(const YamlNode& root, const std::string& api_version,
                  const std::string& kind) {
    if (kind.empty()) {
      manifests_->problems.push_back(
          {file_, root.line, "", "kind",
           "missing, want a Kubernetes object with apiVersion and kind"});
      return;
    }
    const KindReader* const reader = FindKind(api_version, kind);
    if (reader == nullptr) return Skip(root, api_version, kind);
    const std::string name = ObjectName(*reader, root);
    Report report(file_, name);
    const Fields fields(root, "", &report);
    if (api_version != reader->api_version) {
      fields.Refuse("apiVersion", fmt::format("\"{}\", want {}", api_version,
                                              reader->api_version));
    }
    const Metadata metadata = ReadMetadata(fields);
    Value value = reader->read(fields, metadata, options_);
    Keep(root, name, std::move(value), report);
  }

  void Skip(const YamlNode& root, const std::string& api_version,
            const std::string& kind) {
    ++manifests_->skipped_count;
    const std::string name = PeekText(root.Find("metadata"), "name");
    manifests_->notices.push_back(
        {file_, root.line, fmt::format("{}/{}", kind, name), "",
         fmt::format("skipped: {} of {} is not read", kind,
                     api_version.empty() ? "no apiVersion" : api_version)});
  }

  void Keep(const YamlNode& root, const std::string& name, Value value,
            const Report& report) {
    Append(report.notices(), &manifests_->notices);
    Append(report.problems(), &manifests_->problems);
    if (report.ok() && !value) return;
    const auto [defined, is_new] = manifests_->defined_at.emplace(
        name, fmt::format("{}:{}", file_, root.line));
    if (!report.ok()) return;
    if (!is_new) {
      manifests_->problems.push_back(
          {file_, root.line, name, "metadata.name",
           fmt::format("defined at {} already, want one definition",
                       defined->second)});
      return;
    }
    manifests_->objects.push_back(
        {name, file_, root.line, *std::move(value), report.lines()});
  }

  static void Append(const std::vector<Problem>& from,
                     std::vector<Problem>* to) {
    to->insert(to->end(), from.begin(), from.end());
  }

  const std::string file_;
  const ManifestOptions& options_;
  Manifests* const manifests_;
  size_t documents_ = 0;
};

void Refuse(const std::string& path, std::string message,
            Manifests* manifests) {
  manifests->broken_paths.push_back(path);
  manifests->problems.push_back({path, 0, "", "", std::move(message)});
}

bool IsManifestName(const std::string& name) {
  return !name.starts_with(".") &&
         (name.ends_with(".yaml") || name.ends_with(".yml"));
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
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

void ParseManifests(std::string_view file, std::string_view text,
                    const ManifestOptions& options, Manifests* manifests) {
  FileReader(file, options, manifests).Read(text);
}

Manifests LoadManifests(absl::Span<const std::string> paths,
                        const ManifestOptions& options) {
  Manifests manifests;
  size_t files = 0;
  for (const std::string& path : paths) {
    for (const std::string& file : FilesOf(path, &manifests)) {
      if (++files > kFilesMax) {
        Refuse(file, fmt::format("not read, want at most {} files", kFilesMax),
               &manifests);
        return manifests;
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
  return manifests;
}

}  // namespace lb::config
