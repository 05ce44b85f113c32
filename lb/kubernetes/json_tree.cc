#include "lb/kubernetes/json_tree.h"

#include <array>
#include <cstdint>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "simdjson.h"

namespace lb::kubernetes {
namespace {

using config::YamlNode;
using simdjson::dom::element;
using simdjson::dom::element_type;

// simdjson refuses a deeper text as a whole. It is deeper than anything in an
// API server, where Go's reader of JSON stops at 10,000 levels.
constexpr size_t kParserDepthMax = 16'384;

absl::Status TooDeep(size_t depth_max) {
  return absl::ResourceExhaustedError(
      fmt::format("json: nested deeper than {} levels", depth_max));
}

class Document {
 public:
  // InvalidArgument: `text` is no valid JSON. ResourceExhausted: it is deeper
  // than any server's.
  absl::Status Parse(std::string_view text) {
    simdjson::error_code error =
        parser_.allocate(text.size() + 1, kParserDepthMax);
    if (!error) error = parser_.parse(text.data(), text.size()).get(root_);
    if (!error) return absl::OkStatus();
    if (error == simdjson::DEPTH_ERROR) return TooDeep(kParserDepthMax);
    return absl::InvalidArgumentError(
        fmt::format("json: {} in {} bytes, want valid JSON (RFC 8259)",
                    simdjson::error_message(error), text.size()));
  }

  const element& root() const { return root_; }

 private:
  simdjson::dom::parser parser_;
  element root_;
};

// The value, whose type was looked at.
template <typename T>
T ValueOf(const element& value) {
  T result{};
  const simdjson::error_code error = value.get(result);
  LB_CHECK(!error);
  return result;
}

// Makes one tree. The first value beyond the bounds ends it.
class Converter {
 public:
  explicit Converter(const JsonBounds& bounds)
      : depth_max_(bounds.depth_max),
        nodes_max_(bounds.nodes_max),
        nodes_left_(bounds.nodes_max) {}

  // Appends the value to `children`. ResourceExhausted: beyond the bounds.
  absl::Status Append(const element& value, std::string_view key,
                      std::vector<YamlNode>* children) {
    return Fill(value, 1, &AppendNode(key, children));
  }

  absl::Status Fill(const element& value, size_t depth, YamlNode* node) {
    LB_RETURN_IF_ERROR(Charge(depth));
    switch (value.type()) {
      case element_type::NULL_VALUE:
        node->kind = YamlNode::Kind::kNull;
        return absl::OkStatus();
      case element_type::ARRAY:
        return FillSequence(value, depth, node);
      case element_type::OBJECT:
        return FillMap(value, depth, node);
      case element_type::STRING:
        node->plain = false;
        SetText(std::string(ValueOf<std::string_view>(value)), node);
        return absl::OkStatus();
      case element_type::INT64:
        SetText(fmt::format("{}", ValueOf<int64_t>(value)), node);
        return absl::OkStatus();
      case element_type::UINT64:
        SetText(fmt::format("{}", ValueOf<uint64_t>(value)), node);
        return absl::OkStatus();
      case element_type::DOUBLE:
        SetText(fmt::format("{}", ValueOf<double>(value)), node);
        return absl::OkStatus();
      case element_type::BOOL:
        SetText(ValueOf<bool>(value) ? "true" : "false", node);
        return absl::OkStatus();
    }
    LB_UNREACHABLE();
  }

 private:
  static YamlNode& AppendNode(std::string_view key,
                              std::vector<YamlNode>* children) {
    YamlNode& node = children->emplace_back();
    node.key = key;
    return node;
  }

  static void SetText(std::string text, YamlNode* node) {
    node->kind = YamlNode::Kind::kScalar;
    node->text = std::move(text);
  }

  absl::Status FillSequence(const element& value, size_t depth,
                            YamlNode* node) {
    node->kind = YamlNode::Kind::kSequence;
    const auto items = ValueOf<simdjson::dom::array>(value);
    for (const element item : items) {
      LB_RETURN_IF_ERROR(
          Fill(item, depth + 1, &AppendNode("", &node->children)));
    }
    return absl::OkStatus();
  }

  absl::Status FillMap(const element& value, size_t depth, YamlNode* node) {
    node->kind = YamlNode::Kind::kMap;
    const bool is_metadata = node->key == "metadata";
    const auto fields = ValueOf<simdjson::dom::object>(value);
    for (const auto field : fields) {
      if (is_metadata && field.key == "managedFields") continue;
      LB_RETURN_IF_ERROR(Fill(field.value, depth + 1,
                              &AppendNode(field.key, &node->children)));
    }
    return absl::OkStatus();
  }

  absl::Status Charge(size_t depth) {
    if (depth > depth_max_) return TooDeep(depth_max_);
    if (nodes_left_ == 0) {
      return absl::ResourceExhaustedError(
          fmt::format("json: more than {} values, want fewer", nodes_max_));
    }
    --nodes_left_;
    return absl::OkStatus();
  }

  const size_t depth_max_;
  const size_t nodes_max_;
  size_t nodes_left_;
};

// The texts by which an object is known, and nothing else.
YamlNode NameOnly(const element& object) {
  constexpr std::array<std::string_view, 4> kKept = {"name", "namespace", "uid",
                                                     "resourceVersion"};
  YamlNode tree;
  tree.kind = YamlNode::Kind::kMap;
  YamlNode& metadata = tree.children.emplace_back();
  metadata.key = "metadata";
  metadata.kind = YamlNode::Kind::kMap;
  for (const std::string_view key : kKept) {
    std::string_view text;
    if (object["metadata"][key].get(text)) continue;
    YamlNode& child = metadata.children.emplace_back();
    child.key = key;
    child.kind = YamlNode::Kind::kScalar;
    child.plain = false;
    child.text = text;
  }
  return tree;
}

JsonObject ReadObject(const element& value, const JsonBounds& bounds) {
  JsonObject object;
  object.status = Converter(bounds).Fill(value, 1, &object.tree);
  if (!object.status.ok()) object.tree = NameOnly(value);
  return object;
}

}  // namespace

absl::StatusOr<YamlNode> ReadJson(std::string_view text,
                                  const JsonBounds& bounds) {
  Document document;
  LB_RETURN_IF_ERROR(document.Parse(text));
  YamlNode tree;
  LB_RETURN_IF_ERROR(Converter(bounds).Fill(document.root(), 1, &tree));
  return tree;
}

absl::StatusOr<YamlNode> ReadJsonList(
    std::string_view text, absl::FunctionRef<void(JsonObject)> on_item,
    const JsonBounds& bounds) {
  Document document;
  LB_RETURN_IF_ERROR(document.Parse(text));
  simdjson::dom::object list;
  simdjson::dom::array items;
  // Go writes an empty list of items as null, where it is a nil slice.
  const element& root = document.root();
  if (root.get(list) ||
      (root["items"].get(items) && !root["items"].is_null())) {
    return absl::InvalidArgumentError(
        "json: no list of objects, want a map with a list `items`");
  }
  YamlNode rest;
  rest.kind = YamlNode::Kind::kMap;
  Converter converter(bounds);
  for (const auto field : list) {
    if (field.key == "items") continue;
    LB_RETURN_IF_ERROR(
        converter.Append(field.value, field.key, &rest.children));
  }
  if (root["items"].is_null()) return rest;
  for (const element item : items) on_item(ReadObject(item, bounds));
  return rest;
}

absl::StatusOr<JsonEvent> ReadJsonEvent(std::string_view text,
                                        const JsonBounds& bounds) {
  Document document;
  LB_RETURN_IF_ERROR(document.Parse(text));
  std::string_view type;
  element object;
  if (document.root()["type"].get(type) ||
      document.root()["object"].get(object) || !object.is_object()) {
    return absl::InvalidArgumentError(
        "json: no watch event, want a map with a text `type` and a map "
        "`object`");
  }
  return JsonEvent{std::string(type), ReadObject(object, bounds)};
}

}  // namespace lb::kubernetes
