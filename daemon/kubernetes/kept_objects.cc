#include "daemon/kubernetes/kept_objects.h"

#include <cstdint>
#include <utility>

#include "daemon/kubernetes/source_kinds.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/base/utc_text.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"
#include "lb/net/address_text.h"

namespace lb {
namespace {

using config::YamlNode;
using kubernetes::TextAt;

constexpr size_t kOwnerShownMax = 200;  // Bytes.

absl::Status CheckOwner(std::string_view found, std::string_view owner) {
  if (found == owner) return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("kept for \"{}\", want \"{}\"",
                  net::EscapedText(found.substr(0, kOwnerShownMax)), owner));
}

absl::Status DamagedField(std::string_view field) {
  return absl::DataLossError(fmt::format("{}: damaged", field));
}

// "1": part 0; "0": no part.
std::string TextOf(const std::bitset<kKeptParts>& parts) {
  std::string text;
  for (size_t part = 0; part < kKeptParts; ++part) {
    text += parts.test(part) ? '1' : '0';
  }
  return text;
}

absl::StatusOr<std::bitset<kKeptParts>> ParseParts(std::string_view text) {
  std::bitset<kKeptParts> parts;
  if (text.size() != kKeptParts) return DamagedField("parts");
  for (size_t part = 0; part < kKeptParts; ++part) {
    if (text[part] != '0' && text[part] != '1') return DamagedField("parts");
    parts.set(part, text[part] == '1');
  }
  return parts;
}

absl::StatusOr<std::vector<net::IpAddress>> ParsePods(const YamlNode* list) {
  std::vector<net::IpAddress> pods;
  if (list == nullptr || list->kind != YamlNode::Kind::kSequence ||
      list->children.size() > kKeptPodsMax) {
    return DamagedField("pods");
  }
  for (const YamlNode& item : list->children) {
    const auto address = net::ParseIpAddress(item.text);
    if (!address.ok()) return DamagedField("pods");
    pods.push_back(*address);
  }
  return pods;
}

}  // namespace

std::string SerializeKeptHeader(const KeptHeader& header) {
  kubernetes::JsonWriter json;
  json.BeginMap().Pair("owner", header.owner);
  json.Pair("asOf", FormatUtc(header.as_of));
  json.Pair("parts", TextOf(header.parts)).Key("pods").BeginList();
  for (size_t i = 0; i < header.pods.size() && i < kKeptPodsMax; ++i) {
    json.Text(header.pods[i].ToString());
  }
  json.EndList().EndMap();
  return std::move(json).Finish();
}

absl::StatusOr<KeptHeader> ParseKeptHeader(std::string_view body,
                                           std::string_view owner) {
  const absl::StatusOr<YamlNode> tree = kubernetes::ReadJson(body);
  if (!tree.ok()) return DamagedField("header");
  KeptHeader header = {.owner = std::string(TextAt(*tree, "owner"))};
  LB_RETURN_IF_ERROR(CheckOwner(header.owner, owner));
  const std::string as_of(TextAt(*tree, "asOf"));
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_sec, as_of, &header.as_of, &error)) {
    return DamagedField("asOf");
  }
  LB_ASSIGN_OR_RETURN(header.parts, ParseParts(TextAt(*tree, "parts")));
  LB_ASSIGN_OR_RETURN(header.pods, ParsePods(tree->Find("pods")));
  return header;
}

const config::Object* FindKept(const config::Desired& desired,
                               std::string_view name) {
  for (const config::Objects* objects : {&desired.objects, &desired.counted}) {
    const auto found = objects->find(name);
    if (found != objects->end()) return &found->second;
  }
  return nullptr;
}

// FNV-1a. Any part will do, as long as it stays the same.
size_t KeptPartOf(std::string_view object) {
  uint32_t hash = 2166136261;
  for (const char c : object) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  }
  return hash % kKeptParts;
}

KeptPart SerializeKeptPart(std::string_view owner,
                           const std::set<std::string>& names,
                           const config::Desired& desired) {
  KeptPart part = {.body = fmt::format("{}\n", owner)};
  for (const std::string& name : names) {
    const config::Object* const kept = FindKept(desired, name);
    if (kept == nullptr) continue;
    const std::string& text = kept->text;
    if (text.size() > kKeptTextBytesMax ||
        part.body.size() + text.size() + 1 > kKeptPartBytesMax) {
      ++part.left_out;
      continue;
    }
    part.body += text;
    part.body += '\n';
  }
  return part;
}

absl::Status ParseKeptPart(std::string_view body, std::string_view owner,
                           const config::ManifestOptions& options,
                           config::Objects* objects) {
  const std::string_view first = body.substr(0, body.find('\n'));
  LB_RETURN_IF_ERROR(CheckOwner(first, owner));
  if (!body.ends_with('\n')) return absl::DataLossError("cut short");
  body.remove_prefix(first.size() + 1);
  size_t line = 1;
  for (; !body.empty(); ++line) {
    const std::string_view text = body.substr(0, body.find('\n'));
    body.remove_prefix(text.size() + 1);
    absl::StatusOr<config::ObjectChange> read = ReadKept(text, options);
    if (!read.ok()) {
      return absl::DataLossError(fmt::format("object {}: damaged", line));
    }
    if (!read->object) continue;
    (*objects)[read->name] = *std::move(read->object);
  }
  return absl::OkStatus();
}

}  // namespace lb
