#include "lb/config/document_reader.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/config/flow_yaml.h"
#include "lb/config/kind_readers.h"
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

}  // namespace

void DocumentReader::ReadDocument(const YamlNode& document,
                                  const Type& of_list) {
  if (document.kind == Kind::kNull) return;
  if (++document_count_ > kDocumentsPerFileMax) return;
  if (document.kind != Kind::kMap) {
    MarkUnclear();
    manifests_->problems.push_back(
        {{file_, document.line},
         "",
         "",
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
  const bool is_ours =
      item_kind.empty() || FindKindReader(item_kind) != nullptr;
  if (items == nullptr && !is_ours) return false;
  if (item_kind.empty()) CheckVersionOfList(document, type.api_version);
  if (items != nullptr && items->kind == Kind::kSequence) {
    ReadItems(*items, type.kind, {type.api_version, item_kind});
    return true;
  }
  MarkUnclear();
  manifests_->problems.push_back(
      {{file_, items == nullptr ? document.line : items->key_line},
       type.kind,
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
      {{file_, field == nullptr ? document.line : field->key_line},
       std::string(kList),
       "apiVersion",
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
        {{file_, item.line},
         list,
         fmt::format("items[{}]", i),
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
  const KindReader& reader = *FindKindReader(verdict.kind);
  const std::string name = ObjectName(reader.kind, root);
  Report report({file_, root.line}, name);
  ObjectReading reading =
      ReadObjectOf(reader, root, verdict, options_, &report);
  if (!reading.is_named) {
    MarkUnclear();
    Mention(reader.kind, root.Find("metadata"));
  }
  if (!reading.other_class.empty()) {
    manifests_->other_class[name.substr(name.find('/') + 1)] =
        reading.other_class;
  }
  const std::string text =
      reading.value ? ObjectText(root, type.api_version, type.kind) : "";
  Keep({.name = name, .origin = {file_, root.line}, .text = text},
       std::move(reading.value), report);
}

void DocumentReader::Convert(const YamlNode& root, const Type& type,
                             const KindVerdict& verdict) {
  const bool is_config_map = verdict.kind == "ConfigMap";
  const std::string name = ObjectName(verdict.kind, root);
  Report report({file_, root.line}, name);
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
        {{file_, object.line},
         ObjectName(kind, object),
         "",
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
      {{file_, field == nullptr ? root.line : field->key_line},
       ObjectName(kind, root),
       std::string(verdict.field),
       verdict.fault});
  if (!HasName(root)) {
    MarkUnclear();
    if (!verdict.kind.empty()) Mention(verdict.kind, root.Find("metadata"));
  } else if (FindKindReader(verdict.kind) != nullptr) {
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
      {{file_, field == nullptr ? root.line : field->key_line},
       "",
       "kind",
       "missing, want a Kubernetes object with apiVersion and kind"});
  if (!HasName(root)) return MarkUnclear();
  for (const KindReader& reader : KindReaders()) {
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
      {{file_, root.line}, ObjectName(type.kind, root), "", notice});
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
      name, fmt::format("{}:{}", file_, object.origin.line()));
  if (!report.ok()) return;
  object.value = *std::move(value);
  object.field_lines = report.lines();
  if (is_new) {
    manifests_->objects.push_back(std::move(object));
    return;
  }
  const Problem problem = {
      object.origin, name, "metadata.name",
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
