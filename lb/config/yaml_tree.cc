#include "lb/config/yaml_tree.h"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/config/yaml_error.h"
#include "lb/config/yaml_merge.h"
#include "lb/config/yaml_text.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/mark.h"
#include "yaml-cpp/parser.h"

namespace lb::config {
namespace {

constexpr std::string_view kAsKey = " as a key, want a text";
constexpr std::string_view kMergeTag = "tag:yaml.org,2002:merge";

size_t CountNodes(const YamlNode& node) {
  size_t count = 1;
  for (const YamlNode& child : node.children) count += CountNodes(child);
  return count;
}

size_t DepthOf(const YamlNode& node) {
  size_t depth = 0;
  for (const YamlNode& child : node.children) {
    depth = std::max(depth, DepthOf(child));
  }
  return depth + 1;
}

// Makes the tree of one document. After the first fault it ignores the rest:
// the parser cannot be stopped but by throwing.
class TreeBuilder : public YAML::EventHandler {
 public:
  const YamlNode& document() const { return document_; }
  const std::optional<YamlError>& error() const { return error_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!Begin(mark, YamlNode::Kind::kNull, anchor)) return;
    End();
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    if (!Begin(mark, YamlNode::Kind::kScalar, anchor)) return;
    open_.back().node.text = value;
    // yaml-cpp's "?" means "no quotes, no tag".
    open_.back().node.plain = tag == "?" || tag == kMergeTag;
    End();
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Begin(mark, YamlNode::Kind::kSequence, anchor);
  }
  void OnSequenceEnd() override { End(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Begin(mark, YamlNode::Kind::kMap, anchor);
  }
  void OnMapEnd() override { End(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (error_) return;
    const auto target = anchored_.find(anchor);
    if (target == anchored_.end()) {
      return Fail(mark.line + 1,
                  "an alias within its own anchor, want it outside");
    }
    if (!Charge(mark.line + 1, CountNodes(target->second))) return;
    if (open_.size() + DepthOf(target->second) > kYamlDepthMax) {
      return FailTooDeep(mark.line + 1);
    }
    YamlNode copy = target->second;
    copy.line = mark.line + 1;
    Attach(std::move(copy));
  }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<YamlNode> key;  // Of a map, when its value is to come.
  };

  bool Begin(const YAML::Mark& mark, YamlNode::Kind kind,
             YAML::anchor_t anchor) {
    if (error_ || !Charge(mark.line + 1, 1)) return false;
    if (open_.size() >= kYamlDepthMax) {
      FailTooDeep(mark.line + 1);
      return false;
    }
    Open& open = open_.emplace_back();
    open.node.kind = kind;
    open.node.line = mark.line + 1;
    open.anchor = anchor;
    return true;
  }

  void End() {
    if (error_) return;
    Open open = std::move(open_.back());
    open_.pop_back();
    if (open.node.kind == YamlNode::Kind::kMap) MergeKeys(&open.node);
    if (open.anchor != YAML::NullAnchor) {
      if (!Charge(open.node.line, CountNodes(open.node))) return;
      anchored_[open.anchor] = open.node;
    }
    Attach(std::move(open.node));
  }

  void Attach(YamlNode node) {
    if (open_.empty()) {
      document_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kMap && !parent.key) {
      if (node.kind != YamlNode::Kind::kScalar) {
        return Fail(node.line, fmt::format("{}{}", Describe(node), kAsKey));
      }
      parent.key = std::move(node);
      return;
    }
    if (parent.key) {
      node.is_merge = parent.key->plain && parent.key->text == "<<";
      node.key = std::move(parent.key->text);
      node.key_line = parent.key->line;
      parent.key.reset();
    }
    parent.node.children.push_back(std::move(node));
  }

  bool Charge(int line, size_t count) {
    nodes_ += count;
    if (nodes_ <= kYamlNodesPerDocumentMax) return true;
    Fail(line, fmt::format("a document of more than {} values, want fewer",
                           kYamlNodesPerDocumentMax));
    return false;
  }

  void FailTooDeep(int line) {
    Fail(line, fmt::format("nested deeper than {} levels", kYamlDepthMax));
  }

  void Fail(int line, std::string message) {
    error_ = YamlError{line, std::move(message)};
    open_.clear();
    anchored_.clear();
  }

  YamlNode document_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchored_;
  size_t nodes_ = 0;
  std::optional<YamlError> error_;
};

// A map as a key is a template's "{{ .Name }}", mostly.
YamlError Explained(std::string_view text, const YamlError& error) {
  if (error.message.find(kAsKey) == std::string::npos) return error;
  return {error.line, ExplainYamlError(text, error.line, 0, error.message)};
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view name) const {
  if (kind != Kind::kMap) return nullptr;
  for (const YamlNode& child : children) {
    if (child.key == name) return &child;
  }
  return nullptr;
}

std::string Describe(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kScalar:
      return fmt::format("\"{}\"", node.text);
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  LB_UNREACHABLE();
}

std::optional<YamlError> ForEachYamlDocument(
    std::string_view text,
    absl::FunctionRef<void(const YamlNode&)> on_document) {
  const std::string prepared = PrepareYamlText(text);
  try {
    std::istringstream stream{prepared};
    YAML::Parser parser(stream);
    while (true) {
      TreeBuilder builder;
      if (!parser.HandleNextDocument(builder)) return std::nullopt;
      if (builder.error()) return Explained(prepared, *builder.error());
      on_document(builder.document());
    }
  } catch (const YAML::Exception& error) {
    const int line = error.mark.line + 1;
    return YamlError{
        line, ExplainYamlError(prepared, line, error.mark.column, error.msg)};
  } catch (const std::exception& error) {  // std::bad_alloc and the like.
    return YamlError{0, error.what()};
  }
}

}  // namespace lb::config
