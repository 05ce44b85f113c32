// Fields: reads typed values out of one object's YAML, collecting its faults.
//
// A fault does not stop the reading: the getter gives the value for "absent",
// the Report gets a Problem, and the caller asks at the end whether there were
// any. So one look at an object names all that is wrong with it.
//
// Not thread-safe; the YamlNode and the Report outlive the Fields.
//
//   Report report({"pools.yaml", 1}, "IPAddressPool/a");
//   const Fields spec(*node, "spec", &report);
//   pool.auto_assign = spec.Bool("autoAssign", true);
//   spec.RefuseUnknown({"addresses", "autoAssign"});
//   if (!report.problems().empty()) ...
#ifndef LB_CONFIG_FIELDS_H_
#define LB_CONFIG_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "lb/base/label_selector.h"
#include "lb/config/origin.h"
#include "lb/config/problem.h"
#include "lb/config/yaml_tree.h"

namespace lb::config {

// The faults of one object, and where some of its fields stand.
class Report {
 public:
  Report(Origin origin, std::string object)
      : origin_(std::move(origin)), object_(std::move(object)) {}

  // `reason` is that of Problem.
  void Refuse(int line, std::string field, std::string message,
              std::string_view reason = "") {
    problems_.push_back(
        MakeProblem(line, std::move(field), std::move(message), reason));
  }
  void Notice(int line, std::string field, std::string message,
              std::string_view reason = "") {
    notices_.push_back(
        MakeProblem(line, std::move(field), std::move(message), reason));
  }
  // Keeps the field's line for checks against other objects.
  void Remember(std::string field, int line) {
    lines_[std::move(field)] = line;
  }

  bool ok() const { return problems_.empty(); }
  const std::vector<Problem>& problems() const { return problems_; }
  const std::vector<Problem>& notices() const { return notices_; }
  const std::map<std::string, int, std::less<>>& lines() const {
    return lines_;
  }

 private:
  Problem MakeProblem(int line, std::string field, std::string message,
                      std::string_view reason) const {
    return {origin_.AtLine(line), object_, std::move(field), std::move(message),
            std::string(reason)};
  }

  const Origin origin_;
  const std::string object_;
  std::vector<Problem> problems_;
  std::vector<Problem> notices_;
  std::map<std::string, int, std::less<>> lines_;
};

// The fault of a value that is not one of `names`: the value, the names, and
// the nearest one as a question.
std::string UnknownValue(std::string_view text,
                         absl::Span<const std::string_view> names);

// More items of one list are refused.
inline constexpr size_t kListItemsMax = 10'000;

// The fields of one map. A field whose value is null counts as absent. Texts
// need no quotes: 80 and true are texts where a text is wanted.
class Fields {
 public:
  // `path` names the map in problems: "spec"; empty for the object itself.
  // Reports a key that stands twice.
  Fields(const YamlNode& map, std::string path, Report* report);

  // The value; null if absent.
  const YamlNode* Find(std::string_view key) const;

  // False: absent, or an empty text.
  bool Has(std::string_view key) const;

  std::string Text(std::string_view key) const;  // Absent: "".
  bool Bool(std::string_view key, bool absent) const;
  // Nullopt: absent.
  std::optional<bool> MaybeBool(std::string_view key) const;
  int64_t Integer(std::string_view key, int64_t absent, int64_t min,
                  int64_t max) const;
  // Empty if any item is no text.
  std::vector<std::string> Texts(std::string_view key) const;
  Labels TextMap(std::string_view key) const;

  // The value that the field's text names, letter by letter. Nullopt: absent,
  // empty, or reported as unknown with the nearest name.
  template <typename T>
  std::optional<T> Enum(
      std::string_view key,
      std::initializer_list<std::pair<std::string_view, T>> values) const {
    const std::string text = Text(key);
    if (text.empty()) return std::nullopt;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : values) {
      if (name == text) return value;
      names.push_back(name);
    }
    Refuse(key, UnknownValue(text, names));
    return std::nullopt;
  }

  // Calls `read` with each item of a list, each a map, and its Fields.
  void ForEachMap(std::string_view key,
                  absl::FunctionRef<void(const Fields&)> read) const;
  // The Fields of a map; nullopt if absent.
  std::optional<Fields> Map(std::string_view key) const;

  // metav1.LabelSelector; a list of them.
  LabelSelector Selector() const;  // This map is one.
  std::vector<LabelSelector> Selectors(std::string_view key) const;

  // Reports every key that is not `known`.
  void RefuseUnknown(absl::Span<const std::string_view> known) const;

  // Reports a key that is not `known` but near to one that is absent: elsewhere
  // an unknown field may be right, this one is mistyped.
  void RefuseMistyped(absl::Span<const std::string_view> known) const;

  // Gives a notice of each key that is not `known`, if there is no fault.
  void NoticeUnknown(absl::Span<const std::string_view> known) const;

  // Reports each of the keys: it belongs into the map `where`.
  void RefuseMisplaced(absl::Span<const std::string_view> keys,
                       std::string_view where) const;

  // All fields, each a text.
  Labels AllTexts() const;

  // Calls `read` with each key.
  void ForEachKey(absl::FunctionRef<void(const std::string&)> read) const;

  // Reports a fault of the field, at its line; absent: at the map's. `reason`
  // is that of Problem.
  void Refuse(std::string_view key, std::string message,
              std::string_view reason = "") const;
  void RefuseItem(std::string_view key, size_t index,
                  std::string message) const;

  // Keeps an item's line for checks against other objects.
  void RememberItem(std::string_view key, size_t index) const;

  // "spec.addresses", and "metadata.annotations[metallb.io/address-pool]" for
  // a key that has dots of its own.
  std::string PathOf(std::string_view key) const;
  int LineOf(std::string_view key) const;
  Report* report() const { return report_; }

 private:
  void RefuseMerge(const YamlNode& child) const;
  void CheckKey(const YamlNode& child) const;
  // The known field that was meant by the child's key; empty: none.
  std::string_view MeantBy(const YamlNode& child,
                           absl::Span<const std::string_view> known) const;
  int LineOfItem(std::string_view key, size_t index) const;
  std::string PathOfItem(std::string_view key, size_t index) const;

  // The field as a value of this kind; null if absent or, reported, another.
  const YamlNode* FindKind(std::string_view key, YamlNode::Kind kind,
                           std::string_view wanted) const;

  const YamlNode* map_;
  std::string path_;
  Report* report_;
};

// Reports items that stand twice in a list, by the second one's index.
template <typename T>
void RefuseRepeated(const Fields& fields, std::string_view key,
                    const std::vector<T>& items) {
  for (size_t i = 0; i < items.size(); ++i) {
    for (size_t earlier = 0; earlier < i; ++earlier) {
      if (!(items[i] == items[earlier])) continue;
      fields.RefuseItem(key, i, "stands in the list already, want it once");
      break;
    }
  }
}

}  // namespace lb::config

#endif  // LB_CONFIG_FIELDS_H_
