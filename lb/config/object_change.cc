#include "lb/config/object_change.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/config/fields.h"
#include "lb/config/kind_readers.h"
#include "lb/config/kinds.h"
#include "lb/net/address_text.h"

namespace lb::config {
namespace {

// Bounds what one object takes: others write it.
std::vector<Problem> Bounded(std::vector<Problem> problems,
                             std::string_view what) {
  const size_t count = problems.size();
  if (count <= kProblemsPerObjectMax) return problems;
  problems.resize(kProblemsPerObjectMax);
  Problem last = {problems[0].origin, problems[0].object, "",
                  fmt::format("{} more {} are not shown",
                              count - kProblemsPerObjectMax, what)};
  problems.push_back(std::move(last));
  return problems;
}

// The reader of the object's kind.
absl::StatusOr<const KindReader*> ReaderFor(const YamlNode& root,
                                            const std::string& kind,
                                            const KindVerdict& verdict) {
  if (root.kind != YamlNode::Kind::kMap) {
    return absl::InvalidArgumentError(
        fmt::format("{}, want a Kubernetes object", Describe(root)));
  }
  const KindReader* const reader = FindKindReader(kind);
  if (reader == nullptr || verdict.kind != kind) {
    return absl::InvalidArgumentError(fmt::format(
        "kind: \"{}\" of \"{}\", want one of {}", net::EscapedText(kind),
        net::EscapedText(PeekText(&root, "apiVersion")),
        fmt::join(ReadKinds(), ", ")));
  }
  if (!HasName(root)) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: metadata.name: missing, want the object's name", kind));
  }
  return reader;
}

}  // namespace

absl::StatusOr<ObjectChange> ReadObject(const YamlNode& root,
                                        const Origin& origin,
                                        const ManifestOptions& options) {
  const std::string api_version = PeekText(&root, "apiVersion");
  const std::string kind = PeekText(&root, "kind");
  const KindVerdict verdict = JudgeKind(api_version, kind);
  LB_ASSIGN_OR_RETURN(const KindReader* const reader,
                      ReaderFor(root, kind, verdict));
  ObjectChange change = {.name = ObjectName(kind, root)};
  Report report(origin.AtLine(root.line), change.name);
  ObjectReading reading =
      ReadObjectOf(*reader, root, verdict, options, &report);
  change.problems = Bounded(report.problems(), "faults");
  change.notices = Bounded(report.notices(), "notices");
  change.other_class = std::move(reading.other_class);
  if (!report.ok() || !reading.value) return change;
  change.object = {.name = change.name,
                   .origin = origin.AtLine(root.line),
                   .value = *std::move(reading.value),
                   .text = ObjectText(root, api_version, kind)};
  if (!origin.is_kubernetes()) change.object->field_lines = report.lines();
  return change;
}

ObjectChange GoneObject(std::string name) {
  return {.name = std::move(name), .is_gone = true};
}

std::string_view KindOf(std::string_view object_name) {
  return object_name.substr(0, object_name.find('/'));
}

std::string_view NameWithoutKind(std::string_view object_name) {
  return object_name.substr(object_name.find('/') + 1);
}

}  // namespace lb::config
