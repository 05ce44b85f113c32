#include "lb/config/document_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/config/flow_yaml.h"
#include "lb/config/old_objects.h"
#include "lb/net/address_text.h"

namespace lb::config {
namespace {

using Kind = YamlNode::Kind;
using Value = std::optional<ObjectValue>;
using Use = KindVerdict::Use;

constexpr std::string_view kList = "List";
// Kinds that are counted each on its own.
constexpr size_t kSkippedKindsMax = 100;

struct Input {
  const Fields& root;
  const Metadata& metadata;
  const ManifestOptions& options;
  std::string* other_class;
};

// One kind of object that is read.
struct KindReader {
  std::string_view kind;
  bool named_by_namespace;  // In problems: "Kind/namespace/name".
  // Nullopt: nothing for us in it, or faults.
  Value (*read)(const Input& input);
};

constexpr std::array<KindReader, 6> kReaders = {{
    {"IPAddressPool", false,
     [](const Input& in) -> Value { return ReadPool(in.root, in.metadata); }},
    {"L2Advertisement", false,
     [](const Input& in) -> Value {
       return ReadL2Advertisement(in.root, in.metadata);
     }},
    {"Service", true,
     [](const Input& in) -> Value {
       return ReadService(in.root, in.metadata, in.options, in.other_class);
     }},
    {"EndpointSlice", true,
     [](const Input& in) -> Value {
       return ReadEndpointSlice(in.root, in.metadata);
     }},
    {"Node", false,
     [](const Input& in) -> Value { return ReadNode(in.root, in.metadata); }},
    {"Namespace", false,
     [](const Input& in) -> Value { return ReadNamespace(in.metadata); }},
}};

const KindReader* FindReader(std::string_view kind) {
  const auto reader =
      std::find_if(kReaders.begin(), kReaders.end(),
                   [&](const KindReader& each) { return each.kind == kind; });
  return reader == kReaders.end() ? nullptr : &*reader;
}

// The text of a field that may be of any type; "" unless it is a text.
std::string PeekText(const YamlNode* map, std::string_view key) {
  const YamlNode* const node = map == nullptr ? nullptr : map->Find(key);
  return node == nullptr ? "" : node->text;
}

// How problems call the object, whose fields may be wrong themselves.
std::string ObjectName(std::string_view kind, const YamlNode& root) {
  const YamlNode* const metadata = root.Find("metadata");
  std::string name = PeekText(metadata, "name");
  if (name.empty()) name = "?";
  const KindReader* const reader = FindReader(kind);
  std::string object_namespace = PeekText(metadata, "namespace");
  if (reader != nullptr && !reader->named_by_namespace) {
    object_namespace.clear();
  } else if (reader != nullptr && object_namespace.empty()) {
    object_namespace = "default";
  }
  return fmt::format("{}/{}{}{}", kind, object_namespace,
                     object_namespace.empty() ? "" : "/", name);
}

// The object as YAML in one line. Items of a typed list leave out what the
// list says.
std::string TextOf(const YamlNode& root, std::string_view api_version,
                   std::string_view kind) {
  std::string text = ToFlowYaml(root);
  if (root.Find("kind") != nullptr) return text;
  return fmt::format("{{apiVersion: {}, kind: {}, {}", api_version, kind,
                     std::string_view(text).substr(1));
}

bool HasName(const YamlNode& root) {
  return !PeekText(root.Find("metadata"), "name").empty();
}

}  // namespace

void DocumentReader::ReadDocument(const YamlNode& document,
                                  const Type& of_list) {
  if (document.kind == Kind::kNull) return;
  if (++document_count_ > kDocumentsPerFileMax) return;
  if (document.kind != Kind::kMap) {
    MarkUnclear();
    manifests_->problems.push_back(
        {file_, document.line, "", "",
         fmt::format("{}, want a Kubernetes object", Describe(document))});
    return;
  }
  Type type = {PeekText(&document, "apiVersion"), PeekText(&document, "kind")};
  if (type.kind.empty() && type.api_version.empty()) type = of_list;
  if (type.kind.ends_with(kList) && ReadList(document, type)) return;
  ReadObject(document, type);
}

// False: a kind of another product whose name ends like a list's.
bool DocumentReader::ReadList(const YamlNode& document, const Type& type) {
  const YamlNode* const items = document.Find("items");
  const std::string item_kind =
      type.kind.substr(0, type.kind.size() - kList.size());
  const bool is_ours = item_kind.empty() || FindReader(item_kind) != nullptr;
  if (items == nullptr && !is_ours) return false;
  if (item_kind.empty()) CheckVersionOfList(document, type.api_version);
  if (items != nullptr && items->kind == Kind::kSequence) {
    ReadItems(*items, type.kind, {type.api_version, item_kind});
    return true;
  }
  MarkUnclear();
  manifests_->problems.push_back(
      {file_, items == nullptr ? document.line : items->key_line, type.kind,
       "items",
       fmt::format("{}, want a list of objects, [] if there are none",
                   items == nullptr ? "missing" : Describe(*items))});
  return true;
}

// Its items are read all the same.
void DocumentReader::CheckVersionOfList(const YamlNode& document,
                                        const std::string& version) {
  if (version.empty() || version == "v1") return;
  const YamlNode* const field = document.Find("apiVersion");
  manifests_->problems.push_back(
      {file_, field == nullptr ? document.line : field->key_line,
       std::string(kList), "apiVersion",
       fmt::format("\"{}\", want v1", net::EscapedText(version))});
}

void DocumentReader::ReadItems(const YamlNode& items, const std::string& list,
                               const Type& type) {
  for (size_t i = 0; i < items.children.size(); ++i) {
    const YamlNode& item = items.children[i];
    if (item.kind == Kind::kMap) {
      ReadDocument(item, type.kind.empty() ? Type{} : type);
      continue;
    }
    MarkUnclear();
    manifests_->problems.push_back(
        {file_, item.line, list, fmt::format("items[{}]", i),
         fmt::format("{}, want a Kubernetes object", Describe(item))});
  }
}

void DocumentReader::ReadObject(const YamlNode& root, const Type& type) {
  if (type.kind.empty()) return RefuseWithoutKind(root);
  const KindVerdict verdict = JudgeKind(type.api_version, type.kind);
  switch (verdict.use) {
    case Use::kRead:
      return ReadKind(root, type, verdict);
    case Use::kConvert:
      return Convert(root, type, verdict);
    case Use::kSkip:
      return Skip(root, type, verdict.notice);
    case Use::kFault:
      return RefuseKind(root, verdict, type.kind);
  }
}

void DocumentReader::ReadKind(const YamlNode& root, const Type& type,
                              const KindVerdict& verdict) {
  ++manifests_->read_count;
  const KindReader& reader = *FindReader(verdict.kind);
  const std::string name = ObjectName(reader.kind, root);
  Report report(file_, name);
  const Fields fields(root, "", &report);
  const Metadata metadata = ReadMetadata(fields, reader.kind);
  if (!report.ok()) {  // Is it the object that its name says?
    MarkUnclear();
    Mention(reader.kind, root.Find("metadata"));
  }
  if (!verdict.fault.empty()) fields.Refuse(verdict.field, verdict.fault);
  std::string other_class;
  Value value = reader.read({fields, metadata, options_, &other_class});
  if (!other_class.empty() && report.ok()) {
    manifests_->other_class[metadata.NamespacedName()] = other_class;
  }
  const std::string text =
      value ? TextOf(root, type.api_version, type.kind) : "";
  Keep({.name = name, .file = file_, .line = root.line, .text = text},
       std::move(value), report);
}

void DocumentReader::Convert(const YamlNode& root, const Type& type,
                             const KindVerdict& verdict) {
  const bool is_config_map = verdict.kind == "ConfigMap";
  const std::string name = ObjectName(verdict.kind, root);
  Report report(file_, name);
  if (is_config_map && !IsOldConfiguration(root)) {
    NoticeLikeOldConfiguration(root, &report);
    Append(report);
    return Skip(root, type, "");
  }
  const std::vector<YamlNode> objects =
      is_config_map ? ConvertConfigMap(root, &report)
                    : ConvertAddressPool(Fields(root, "", &report));
  Append(report);
  if (report.ok()) {
    manifests_->passed_over.insert(name);
  } else {
    MarkUnclear();
  }
  if (!report.ok() && HasName(root) && !is_config_map) {
    Define(ObjectName("IPAddressPool", root), root.line);
    Define(ObjectName("L2Advertisement", root), root.line);
  }
  if (objects.empty()) ++manifests_->read_count;
  if (report.ok() || is_config_map) ReadConverted(objects, name);
}

void DocumentReader::ReadConverted(const std::vector<YamlNode>& objects,
                                   const std::string& from) {
  for (const YamlNode& object : objects) {
    const std::string kind = PeekText(&object, "kind");
    manifests_->notices.push_back(
        {file_, object.line, ObjectName(kind, object), "",
         fmt::format("converted from {}, want in its place: {}", from,
                     ToFlowYaml(object))});
    ReadObject(object, {PeekText(&object, "apiVersion"), kind});
  }
}

void DocumentReader::RefuseKind(const YamlNode& root,
                                const KindVerdict& verdict,
                                const std::string& kind) {
  ++manifests_->read_count;
  const YamlNode* const field = root.Find(verdict.field);
  manifests_->problems.push_back(
      {file_, field == nullptr ? root.line : field->key_line,
       ObjectName(kind, root), std::string(verdict.field), verdict.fault});
  if (!HasName(root)) {
    MarkUnclear();
    if (!verdict.kind.empty()) Mention(verdict.kind, root.Find("metadata"));
  } else if (FindReader(verdict.kind) != nullptr) {
    Define(ObjectName(verdict.kind, root), root.line);
  } else if (verdict.kind == "AddressPool") {
    Define(ObjectName("IPAddressPool", root), root.line);
    Define(ObjectName("L2Advertisement", root), root.line);
  } else {
    MarkUnclear();
  }
}

// It may be of any kind.
void DocumentReader::RefuseWithoutKind(const YamlNode& root) {
  const YamlNode* const field = root.Find("kind");
  manifests_->problems.push_back(
      {file_, field == nullptr ? root.line : field->key_line, "", "kind",
       "missing, want a Kubernetes object with apiVersion and kind"});
  if (!HasName(root)) return MarkUnclear();
  for (const KindReader& reader : kReaders) {
    Define(ObjectName(reader.kind, root), root.line);
  }
}

void DocumentReader::Skip(const YamlNode& root, const Type& type,
                          const std::string& notice) {
  ++manifests_->skipped_count;
  std::string kind = fmt::format(
      "{} ({})", type.kind,
      type.api_version.empty() ? "no apiVersion" : type.api_version);
  const bool is_new = !manifests_->skipped.contains(kind);
  if (is_new && manifests_->skipped.size() >= kSkippedKindsMax) {
    kind = "of other kinds";
  }
  ++manifests_->skipped[kind];
  if (notice.empty() || !is_new) return;
  manifests_->notices.push_back(
      {file_, root.line, ObjectName(type.kind, root), "", notice});
}

void DocumentReader::Keep(Object object, Value value, const Report& report) {
  Append(report);
  if (report.ok() && !value) {
    manifests_->passed_over.insert(std::move(object.name));
    return;
  }
  const std::string& name = object.name;
  if (manifests_->guessed.erase(name) > 0) manifests_->defined_at.erase(name);
  const auto [defined, is_new] = manifests_->defined_at.emplace(
      name, fmt::format("{}:{}", file_, object.line));
  if (!report.ok()) return;
  object.value = *std::move(value);
  object.field_lines = report.lines();
  if (is_new) {
    manifests_->objects.push_back(std::move(object));
    return;
  }
  const Problem problem = {
      file_, object.line, name, "metadata.name",
      fmt::format("defined at {} already, want one definition",
                  defined->second)};
  manifests_->repeated.push_back(
      {std::move(object), manifests_->problems.size()});
  manifests_->problems.push_back(problem);
}

void DocumentReader::Append(const Report& report) {
  manifests_->problems.insert(manifests_->problems.end(),
                              report.problems().begin(),
                              report.problems().end());
  manifests_->notices.insert(manifests_->notices.end(),
                             report.notices().begin(), report.notices().end());
}

void DocumentReader::MarkUnclear() {
  ++manifests_->understanding.unclear_files[file_];
}

void DocumentReader::Define(const std::string& name, int line) {
  const bool is_new =
      manifests_->defined_at.emplace(name, fmt::format("{}:{}", file_, line))
          .second;
  if (is_new) manifests_->guessed.insert(name);
}

void DocumentReader::Mention(std::string_view kind, const YamlNode* metadata) {
  if (metadata == nullptr) return;
  for (const YamlNode& field : metadata->children) {
    if (field.kind != Kind::kScalar || field.text.empty()) continue;
    manifests_->understanding.mentioned.insert(
        fmt::format("{}/{}", kind, field.text));
  }
}

}  // namespace lb::config
