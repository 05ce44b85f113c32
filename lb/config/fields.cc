#include "lb/config/fields.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/label_syntax.h"
#include "lb/base/nearest.h"
#include "lb/config/yaml_merge.h"
#include "lb/net/address_text.h"

namespace lb::config {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kFullWidthColon = "\xef\xbc\x9a";  // U+FF1A

// YAML 1.1, as Kubernetes' tools read it.
std::optional<bool> ParseBool(const YamlNode& node) {
  if (node.kind != Kind::kScalar || !node.plain) return std::nullopt;
  for (const std::string_view yes :
       {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}) {
    if (node.text == yes) return true;
  }
  for (const std::string_view no :
       {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}) {
    if (node.text == no) return false;
  }
  return std::nullopt;
}

std::optional<int64_t> ParseInteger(const YamlNode& node) {
  if (node.kind != Kind::kScalar || !node.plain) return std::nullopt;
  int64_t number = 0;
  const char* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// Kubernetes' syntax; what it refuses could match nothing.
void CheckLabels(const Fields& fields, const Labels& labels) {
  for (const auto& [label, value] : labels) {
    absl::Status verdict = CheckLabelKey(label);
    verdict.Update(CheckLabelValue(value));
    if (!verdict.ok()) fields.Refuse(label, std::string(verdict.message()));
  }
}

void CheckRequirement(const Fields& fields,
                      const LabelRequirement& requirement) {
  if (fields.Find("key") != nullptr) {
    const absl::Status verdict = CheckLabelKey(requirement.key);
    if (!verdict.ok()) fields.Refuse("key", std::string(verdict.message()));
  }
  for (size_t i = 0; i < requirement.values.size(); ++i) {
    const absl::Status verdict = CheckLabelValue(requirement.values[i]);
    if (verdict.ok()) continue;
    fields.RefuseItem("values", i, std::string(verdict.message()));
  }
}

LabelRequirement ReadRequirement(const Fields& fields) {
  using Operator = LabelRequirement::Operator;
  LabelRequirement requirement;
  fields.RefuseUnknown({"key", "operator", "values"});
  requirement.key = fields.Text("key");
  requirement.values = fields.Texts("values");
  CheckRequirement(fields, requirement);
  if (!fields.Has("operator")) {
    fields.Refuse("operator",
                  "missing, want In, NotIn, Exists or DoesNotExist");
  }
  const std::optional<Operator> op = fields.Enum<Operator>(
      "operator", {{"In", Operator::kIn},
                   {"NotIn", Operator::kNotIn},
                   {"Exists", Operator::kExists},
                   {"DoesNotExist", Operator::kDoesNotExist}});
  if (op) requirement.op = *op;
  std::sort(requirement.values.begin(), requirement.values.end());
  if (std::adjacent_find(requirement.values.begin(),
                         requirement.values.end()) !=
      requirement.values.end()) {
    fields.Refuse("values", "the same value twice, want it once");
  }
  const absl::Status status = Validate(LabelSelector{{}, {requirement}});
  if (op && !status.ok()) fields.Refuse("", std::string(status.message()));
  return requirement;
}

}  // namespace

std::string UnknownValue(std::string_view text,
                         absl::Span<const std::string_view> names) {
  std::string wanted;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) wanted += i + 1 == names.size() ? " or " : ", ";
    wanted += names[i];
  }
  return fmt::format("\"{}\", want {}{}", net::EscapedText(text), wanted,
                     DidYouMean(text, names));
}

Fields::Fields(const YamlNode& map, std::string path, Report* report)
    : map_(&map), path_(std::move(path)), report_(report) {
  std::set<std::string_view> keys;
  for (const YamlNode& child : map_->children) {
    if (child.is_merge) {
      RefuseMerge(child);
      continue;
    }
    CheckKey(child);
    if (keys.insert(child.key).second) continue;
    report_->Refuse(child.key_line, PathOf(child.key),
                    "given twice, want it once");
  }
}

// White space of another kind in front of a key, or a colon of another kind
// behind it, make another key of it.
void Fields::CheckKey(const YamlNode& child) const {
  const std::string& key = child.key;
  const bool is_ascii = std::all_of(key.begin(), key.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80;
  });
  if (is_ascii) return;
  const bool has_colon = key.find(kFullWidthColon) != std::string::npos;
  const std::string normal = net::NormalizeAddressText(key);
  const bool has_blanks = !normal.empty() && (normal.front() != key.front() ||
                                              normal.back() != key.back());
  if (!has_colon && !has_blanks) return;
  report_->Refuse(child.key_line, path_,
                  fmt::format("\"{}\", want {}", net::EscapedText(key),
                              has_colon ? "':' and a space, not U+FF1A"
                                        : "plain spaces round a key"));
}

// A merge key stays in the tree if its value is wrong, or if it stands twice.
void Fields::RefuseMerge(const YamlNode& child) const {
  report_->Refuse(
      child.key_line, PathOf(child.key),
      IsMergeable(child)
          ? "given twice, want it once: a list of maps merges several"
          : fmt::format("{}, want a map or a list of maps to merge",
                        Describe(child)));
}

const YamlNode* Fields::Find(std::string_view key) const {
  const YamlNode* const node = map_->Find(key);
  return node == nullptr || node->kind == Kind::kNull ? nullptr : node;
}

bool Fields::Has(std::string_view key) const {
  const YamlNode* const node = Find(key);
  return node != nullptr &&
         !(node->kind == Kind::kScalar && node->text.empty());
}

const YamlNode* Fields::FindKind(std::string_view key, Kind kind,
                                 std::string_view wanted) const {
  const YamlNode* const node = Find(key);
  if (node == nullptr) return nullptr;
  if (node->kind != kind) {
    Refuse(key, fmt::format("{}, want {}", Describe(*node), wanted));
    return nullptr;
  }
  if (kind == Kind::kSequence && node->children.size() > kListItemsMax) {
    Refuse(key, fmt::format("{} items, want at most {}", node->children.size(),
                            kListItemsMax));
    return nullptr;
  }
  return node;
}

std::string Fields::Text(std::string_view key) const {
  const YamlNode* const node = FindKind(key, Kind::kScalar, "a text");
  return node == nullptr ? "" : node->text;
}

std::optional<bool> Fields::MaybeBool(std::string_view key) const {
  const YamlNode* const node = Find(key);
  if (node == nullptr) return std::nullopt;
  const std::optional<bool> value = ParseBool(*node);
  if (!value) {
    Refuse(key, fmt::format("{}, want true or false", Describe(*node)));
  }
  return value;
}

bool Fields::Bool(std::string_view key, bool absent) const {
  return MaybeBool(key).value_or(absent);
}

int64_t Fields::Integer(std::string_view key, int64_t absent, int64_t min,
                        int64_t max) const {
  const YamlNode* const node = Find(key);
  if (node == nullptr) return absent;
  const std::optional<int64_t> number = ParseInteger(*node);
  if (number && *number >= min && *number <= max) return *number;
  Refuse(key, fmt::format("{}, want a whole number {}..{}", Describe(*node),
                          min, max));
  return absent;
}

std::vector<std::string> Fields::Texts(std::string_view key) const {
  std::vector<std::string> texts;
  const YamlNode* const list =
      FindKind(key, Kind::kSequence, "a list of texts");
  if (list == nullptr) return texts;
  bool all_are_texts = true;
  for (size_t i = 0; i < list->children.size(); ++i) {
    const YamlNode& item = list->children[i];
    texts.push_back(item.text);
    if (item.kind == Kind::kScalar) continue;
    RefuseItem(key, i, fmt::format("{}, want a text", Describe(item)));
    all_are_texts = false;
  }
  if (!all_are_texts) texts.clear();
  return texts;
}

Labels Fields::TextMap(std::string_view key) const {
  const std::optional<Fields> map = Map(key);
  return map ? map->AllTexts() : Labels();
}

Labels Fields::AllTexts() const {
  Labels texts;
  ForEachKey([&](const std::string& key) { texts.emplace(key, Text(key)); });
  return texts;
}

void Fields::ForEachMap(std::string_view key,
                        absl::FunctionRef<void(const Fields&)> read) const {
  const YamlNode* const list = FindKind(key, Kind::kSequence, "a list of maps");
  if (list == nullptr) return;
  for (size_t i = 0; i < list->children.size(); ++i) {
    const YamlNode& item = list->children[i];
    if (item.kind != Kind::kMap) {
      RefuseItem(key, i, fmt::format("{}, want a map", Describe(item)));
      continue;
    }
    read(Fields(item, fmt::format("{}[{}]", PathOf(key), i), report_));
  }
}

std::optional<Fields> Fields::Map(std::string_view key) const {
  const YamlNode* const map = FindKind(key, Kind::kMap, "a map");
  if (map == nullptr) return std::nullopt;
  return Fields(*map, PathOf(key), report_);
}

LabelSelector Fields::Selector() const {
  LabelSelector selector;
  RefuseUnknown({"matchLabels", "matchExpressions"});
  if (const std::optional<Fields> labels = Map("matchLabels")) {
    selector.match_labels = labels->AllTexts();
    CheckLabels(*labels, selector.match_labels);
  }
  ForEachMap("matchExpressions", [&](const Fields& fields) {
    selector.match_expressions.push_back(ReadRequirement(fields));
  });
  return selector;
}

std::vector<LabelSelector> Fields::Selectors(std::string_view key) const {
  std::vector<LabelSelector> selectors;
  ForEachMap(key, [&](const Fields& fields) {
    selectors.push_back(fields.Selector());
  });
  if (report_->ok()) RefuseRepeated(*this, key, selectors);
  return selectors;
}

void Fields::RefuseUnknown(absl::Span<const std::string_view> known) const {
  for (const YamlNode& child : map_->children) {
    if (child.is_merge) continue;
    if (std::find(known.begin(), known.end(), child.key) != known.end()) {
      continue;
    }
    report_->Refuse(
        child.key_line, PathOf(child.key),
        fmt::format("unknown field, want {}{}{}",
                    known.size() > 1 ? "one of " : "", fmt::join(known, ", "),
                    DidYouMean(child.key, known)));
  }
}

std::string_view Fields::MeantBy(
    const YamlNode& child, absl::Span<const std::string_view> known) const {
  const std::string_view meant = Nearest(child.key, known);
  return meant.empty() || Find(meant) != nullptr ? "" : meant;
}

void Fields::RefuseMistyped(absl::Span<const std::string_view> known) const {
  for (const YamlNode& child : map_->children) {
    if (std::find(known.begin(), known.end(), child.key) != known.end()) {
      continue;
    }
    const std::string_view meant = MeantBy(child, known);
    if (meant.empty()) continue;
    report_->Refuse(child.key_line, PathOf(child.key),
                    fmt::format("unknown field, did you mean {}?", meant));
  }
}

void Fields::NoticeUnknown(absl::Span<const std::string_view> known) const {
  if (!report_->ok()) return;  // It may be what was refused.
  for (const YamlNode& child : map_->children) {
    if (child.is_merge || !MeantBy(child, known).empty() ||
        std::find(known.begin(), known.end(), child.key) != known.end()) {
      continue;
    }
    report_->Notice(child.key_line, PathOf(child.key),
                    fmt::format("unknown field, has no effect; known are {}",
                                fmt::join(known, ", ")));
  }
}

void Fields::RefuseMisplaced(absl::Span<const std::string_view> keys,
                             std::string_view where) const {
  for (const std::string_view key : keys) {
    if (Find(key) == nullptr) continue;
    Refuse(key,
           fmt::format("stands {}, want it in {}",
                       path_.empty() ? "at the top" : "in " + path_, where));
  }
}

void Fields::ForEachKey(
    absl::FunctionRef<void(const std::string&)> read) const {
  for (const YamlNode& child : map_->children) {
    if (!child.is_merge) read(child.key);
  }
}

void Fields::Refuse(std::string_view key, std::string message,
                    std::string_view reason) const {
  report_->Refuse(LineOf(key), PathOf(key), std::move(message), reason);
}

void Fields::RefuseItem(std::string_view key, size_t index,
                        std::string message) const {
  report_->Refuse(LineOfItem(key, index), PathOfItem(key, index),
                  std::move(message));
}

void Fields::RememberItem(std::string_view key, size_t index) const {
  report_->Remember(PathOfItem(key, index), LineOfItem(key, index));
}

int Fields::LineOfItem(std::string_view key, size_t index) const {
  const YamlNode* const list = Find(key);
  const bool there = list != nullptr && index < list->children.size();
  return there ? list->children[index].line : LineOf(key);
}

std::string Fields::PathOfItem(std::string_view key, size_t index) const {
  return fmt::format("{}[{}]", PathOf(key), index);
}

std::string Fields::PathOf(std::string_view key) const {
  if (key.empty()) return path_;
  if (path_.empty()) return std::string(key);
  const bool has_dots = key.find_first_of("./") != std::string_view::npos;
  return has_dots ? fmt::format("{}[{}]", path_, key)
                  : fmt::format("{}.{}", path_, key);
}

int Fields::LineOf(std::string_view key) const {
  const YamlNode* const node = map_->Find(key);
  if (node != nullptr) return node->key_line;
  return map_->key_line > 0 ? map_->key_line : map_->line;
}

}  // namespace lb::config
