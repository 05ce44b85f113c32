#include "lb/config/kind_readers.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "lb/config/flow_yaml.h"

namespace lb::config {
namespace {

using Input = KindReader::Input;
using Value = std::optional<ObjectValue>;

constexpr std::array<KindReader, 11> kReaders = {{
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
    {"BGPPeer", false,
     [](const Input& in) -> Value {
       return ReadBgpPeer(in.root, in.metadata);
     }},
    {"BGPAdvertisement", false,
     [](const Input& in) -> Value {
       return ReadBgpAdvertisement(in.root, in.metadata);
     }},
    {"Community", false,
     [](const Input& in) -> Value {
       return ReadCommunityAliases(in.root, in.metadata);
     }},
    {"BFDProfile", false,
     [](const Input& in) -> Value {
       return ReadBfdProfile(in.root, in.metadata);
     }},
    {"Secret", true,
     [](const Input& in) -> Value { return ReadSecret(in.root, in.metadata); }},
}};

}  // namespace

absl::Span<const KindReader> KindReaders() { return kReaders; }

const KindReader* FindKindReader(std::string_view kind) {
  const auto reader =
      std::find_if(kReaders.begin(), kReaders.end(),
                   [&](const KindReader& each) { return each.kind == kind; });
  return reader == kReaders.end() ? nullptr : &*reader;
}

ObjectReading ReadObjectOf(const KindReader& reader, const YamlNode& root,
                           const KindVerdict& verdict,
                           const ManifestOptions& options, Report* report) {
  ObjectReading reading;
  const Fields fields(root, "", report);
  const Metadata metadata = ReadMetadata(fields, reader.kind);
  reading.is_named = report->ok();
  if (!verdict.fault.empty()) fields.Refuse(verdict.field, verdict.fault);
  reading.value =
      reader.read({fields, metadata, options, &reading.other_class});
  if (!report->ok()) reading.other_class.clear();
  return reading;
}

std::string PeekText(const YamlNode* map, std::string_view key) {
  const YamlNode* const node = map == nullptr ? nullptr : map->Find(key);
  return node == nullptr ? "" : node->text;
}

std::string ObjectName(std::string_view kind, const YamlNode& root) {
  const YamlNode* const metadata = root.Find("metadata");
  std::string name = PeekText(metadata, "name");
  if (name.empty()) name = "?";
  const KindReader* const reader = FindKindReader(kind);
  std::string object_namespace = PeekText(metadata, "namespace");
  if (reader != nullptr && !reader->named_by_namespace) {
    object_namespace.clear();
  } else if (reader != nullptr && object_namespace.empty()) {
    object_namespace = "default";
  }
  return fmt::format("{}/{}{}{}", kind, object_namespace,
                     object_namespace.empty() ? "" : "/", name);
}

bool HasName(const YamlNode& root) {
  return !PeekText(root.Find("metadata"), "name").empty();
}

std::string ObjectText(const YamlNode& root, std::string_view api_version,
                       std::string_view kind) {
  std::string text = ToFlowYaml(root);
  if (root.Find("kind") != nullptr) return text;
  return fmt::format("{{apiVersion: {}, kind: {}, {}", api_version, kind,
                     std::string_view(text).substr(1));
}

}  // namespace lb::config
