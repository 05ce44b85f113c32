#include "lb/config/old_objects.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"

namespace lb::config {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kConfig = "config";

// What the two old forms call their fields.
struct Names {
  std::string_view auto_assign;
  std::string_view avoid_buggy_ips;
  std::string_view bgp;
};
constexpr Names kInConfigMap = {"auto-assign", "avoid-buggy-ips",
                                "bgp-advertisements"};
constexpr Names kInAddressPool = {"autoAssign", "avoidBuggyIPs",
                                  "bgpAdvertisements"};

YamlNode Scalar(std::string_view text, int line) {
  YamlNode node;
  node.kind = Kind::kScalar;
  node.line = line;
  node.text = text;
  return node;
}

void Put(std::string_view key, YamlNode value, YamlNode* map) {
  value.key = key;
  value.key_line = value.key_line > 0 ? value.key_line : value.line;
  map->children.push_back(std::move(value));
}

void PutCopy(std::string_view key, const YamlNode* value, YamlNode* map) {
  if (value != nullptr) Put(key, *value, map);
}

YamlNode NewMap(int line) {
  YamlNode node;
  node.kind = Kind::kMap;
  node.line = line;
  return node;
}

YamlNode NewObject(std::string_view kind, YamlNode metadata) {
  const int line = metadata.line;
  YamlNode object = NewMap(line);
  Put("apiVersion", Scalar("metallb.io/v1beta1", line), &object);
  Put("kind", Scalar(kind, line), &object);
  Put("metadata", std::move(metadata), &object);
  return object;
}

YamlNode NewAdvertisement(const YamlNode& metadata, const std::string& pool) {
  YamlNode pools;
  pools.kind = Kind::kSequence;
  pools.line = metadata.line;
  pools.children.push_back(Scalar(pool, metadata.line));
  YamlNode spec = NewMap(metadata.line);
  Put("ipAddressPools", std::move(pools), &spec);
  YamlNode object = NewObject("L2Advertisement", metadata);
  Put("spec", std::move(spec), &object);
  return object;
}

// Adds the objects of one pool, whose fields `old` has.
void Convert(const Fields& old, const Names& names, const YamlNode& metadata,
             std::vector<YamlNode>* objects) {
  enum class Protocol { kLayer2, kBgp };
  if (!old.Has("protocol")) {
    return old.Refuse("protocol", "missing, want layer2 or bgp");
  }
  const std::optional<Protocol> protocol = old.Enum<Protocol>(
      "protocol", {{"layer2", Protocol::kLayer2}, {"bgp", Protocol::kBgp}});
  if (!protocol) return;
  YamlNode spec = NewMap(metadata.line);
  PutCopy("addresses", old.Find("addresses"), &spec);
  PutCopy("autoAssign", old.Find(names.auto_assign), &spec);
  PutCopy("avoidBuggyIPs", old.Find(names.avoid_buggy_ips), &spec);
  YamlNode pool = NewObject("IPAddressPool", metadata);
  Put("spec", std::move(spec), &pool);
  objects->push_back(std::move(pool));
  const YamlNode* const name = metadata.Find("name");
  if (*protocol == Protocol::kLayer2) {
    objects->push_back(
        NewAdvertisement(metadata, name == nullptr ? "" : name->text));
  } else {
    old.report()->Notice(old.LineOf("protocol"), old.PathOf("protocol"),
                         "bgp is not converted, want a BGPAdvertisement");
  }
  if (old.Find(names.bgp) != nullptr) {
    old.report()->Notice(old.LineOf(names.bgp), old.PathOf(names.bgp),
                         "not converted, want BGPAdvertisement objects");
  }
}

void MoveDown(int lines, YamlNode* node) {
  node->line += lines;
  if (node->key_line > 0) node->key_line += lines;
  for (YamlNode& child : node->children) MoveDown(lines, &child);
}

const YamlNode* ConfigOf(const YamlNode& config_map) {
  const YamlNode* const data = config_map.Find("data");
  return data == nullptr ? nullptr : data->Find(kConfig);
}

bool HasPools(const YamlNode& value) {
  return value.text.find("address-pools") != std::string::npos;
}

// The name that MetalLB reads unless it is told another one.
bool HasDefaultName(const YamlNode& config_map) {
  const YamlNode* const metadata = config_map.Find("metadata");
  if (metadata == nullptr) return false;
  const auto is = [&](std::string_view key, std::string_view text) {
    const YamlNode* const value = metadata->Find(key);
    return value != nullptr && value->text == text;
  };
  return is("name", kConfig) && is("namespace", "metallb-system");
}

void ConvertDocument(const YamlNode& document, Report* report,
                     std::vector<YamlNode>* objects) {
  if (document.kind == Kind::kNull) return;
  if (document.kind != Kind::kMap) {
    return report->Refuse(
        document.line, "data.config",
        fmt::format("{}, want a map with address-pools", Describe(document)));
  }
  const Fields fields(document, "data.config", report);
  fields.RefuseUnknown(
      {"address-pools", "peers", "bgp-communities", "peer-autodiscovery"});
  const auto notice = [&](std::string_view key, std::string_view wanted) {
    if (fields.Find(key) == nullptr) return;
    report->Notice(fields.LineOf(key), fields.PathOf(key),
                   fmt::format("not converted, want {}", wanted));
  };
  notice("peers", "BGPPeer objects");
  notice("bgp-communities", "Community objects");
  notice("peer-autodiscovery", "BGPPeer objects");
  fields.ForEachMap("address-pools", [&](const Fields& pool) {
    pool.RefuseUnknown({"name", "protocol", "addresses", "auto-assign",
                        "avoid-buggy-ips", "bgp-advertisements"});
    if (!pool.Has("name")) {
      return pool.Refuse("name", "missing, want the pool's name");
    }
    YamlNode metadata = NewMap(pool.LineOf("name"));
    PutCopy("name", pool.Find("name"), &metadata);
    Convert(pool, kInConfigMap, metadata, objects);
  });
}

}  // namespace

bool IsOldConfiguration(const YamlNode& config_map) {
  const YamlNode* const config = ConfigOf(config_map);
  return config != nullptr && config->kind != Kind::kNull &&
         (HasPools(*config) || HasDefaultName(config_map));
}

void NoticeLikeOldConfiguration(const YamlNode& config_map, Report* report) {
  const YamlNode* const data = config_map.Find("data");
  if (data == nullptr) return;
  for (const YamlNode& value : data->children) {
    const bool has_peers =
        value.text.find("peers:") != std::string::npos &&
        value.text.find("peer-address:") != std::string::npos;
    if (!HasPools(value) && !has_peers) continue;
    report->Notice(value.key_line, fmt::format("data[{}]", value.key),
                   "looks like MetalLB's configuration before 0.13, and is "
                   "not read: want it under the key config, in "
                   "metallb-system/config");
  }
}

std::vector<YamlNode> ConvertConfigMap(const YamlNode& config_map,
                                       Report* report) {
  std::vector<YamlNode> objects;
  const YamlNode& config = *ConfigOf(config_map);
  if (config.kind != Kind::kScalar) {
    report->Refuse(config.key_line, "data.config",
                   fmt::format("{}, want a text: \"config: |\" and the map "
                               "below it",
                               Describe(config)));
    return objects;
  }
  const std::optional<YamlError> error =
      ForEachYamlDocument(config.text, [&](const YamlNode& document) {
        YamlNode moved = document;
        MoveDown(config.key_line, &moved);
        ConvertDocument(moved, report, &objects);
      });
  if (error) {
    report->Refuse(config.key_line + error->line, "data.config",
                   error->message);
  }
  return objects;
}

std::vector<YamlNode> ConvertAddressPool(const Fields& root) {
  std::vector<YamlNode> objects;
  root.RefuseUnknown({"apiVersion", "kind", "metadata", "spec", "status"});
  const std::optional<Fields> spec = root.Map("spec");
  if (!spec) {
    if (root.Find("spec") == nullptr) {
      root.Refuse("spec", "missing, want a map with protocol and addresses");
    }
    return objects;
  }
  spec->RefuseUnknown({"protocol", "addresses", "autoAssign", "avoidBuggyIPs",
                       "bgpAdvertisements"});
  YamlNode metadata = NewMap(root.LineOf("metadata"));
  if (const std::optional<Fields> old = root.Map("metadata")) {
    for (const std::string_view key :
         {"name", "namespace", "labels", "annotations"}) {
      PutCopy(key, old->Find(key), &metadata);
    }
  }
  Convert(*spec, kInAddressPool, metadata, &objects);
  return objects;
}

}  // namespace lb::config
