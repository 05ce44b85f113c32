#include "daemon/kubernetes/configuration_state.h"

#include <set>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "daemon/kubernetes/event_texts.h"
#include "daemon/kubernetes/status_fields.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/config/object_change.h"
#include "lb/config/origin.h"
#include "lb/kubernetes/cut_text.h"
#include "lb/kubernetes/json_tree.h"
#include "lb/kubernetes/json_writer.h"
#include "lb/kubernetes/tree_path.h"

namespace lb {
namespace {

using config::YamlNode;
using kubernetes::TextAt;
using Result = ConfigurationState::Result;

// Room for "and 10000 more".
constexpr size_t kCountBytes = 32;
constexpr size_t kLineBytesMax = 512;

constexpr const char* kComponentLabel = "metallb.io/component-type";
constexpr const char* kNodeNameLabel = "metallb.io/node-name";

bool IsConfiguration(const config::Problem& problem) {
  const std::string_view kind = config::KindOf(problem.object);
  return kind != "Service" && kind != "EndpointSlice";
}

std::string LineOf(config::Problem problem) {
  problem.origin = config::Origin();
  return kubernetes::CutText(problem.ToString(), kLineBytesMax);
}

std::string_view ToString(Result result) {
  switch (result) {
    case Result::kValid:
      return "Valid";
    case Result::kInvalid:
      return "Invalid";
    case Result::kUnknown:
      return "Unknown";
  }
  LB_UNREACHABLE();
}

std::string_view ReasonOf(Result result) {
  switch (result) {
    case Result::kValid:
      return "Reconciled";
    case Result::kInvalid:
      return kConfigurationError;
    case Result::kUnknown:
      return "UnknownError";
  }
  LB_UNREACHABLE();
}

// The fields of a status, as text.
struct Fields {
  std::string_view result;
  std::string_view summary;
  std::string_view type;
  std::string_view status;
  std::string_view reason;
  std::string_view message;
  std::string_view since;
};

std::string JsonOf(const Fields& fields) {
  kubernetes::JsonWriter json;
  json.BeginMap().Pair("result", fields.result);
  json.Pair("errorSummary", fields.summary);
  json.Key("conditions").BeginList().BeginMap();
  json.Pair("type", fields.type).Pair("status", fields.status);
  json.Pair("reason", fields.reason).Pair("message", fields.message);
  json.Pair("lastTransitionTime", fields.since);
  json.EndMap().EndList().EndMap();
  return std::move(json).Finish();
}

// Null: there is not exactly one.
const YamlNode* ConditionOf(const YamlNode& status) {
  const YamlNode* const list = kubernetes::NodeAt(status, "conditions");
  if (list == nullptr || list->children.size() != 1) return nullptr;
  return &list->children.front();
}

}  // namespace

ConfigurationState StateOf(const std::vector<config::Problem>& problems) {
  std::set<std::string> lines;
  for (const config::Problem& problem : problems) {
    if (IsConfiguration(problem)) lines.insert(LineOf(problem));
  }
  if (lines.empty()) return {Result::kValid, ""};
  ConfigurationState state = {Result::kInvalid, ""};
  constexpr size_t kBytesMax =
      ConfigurationState::kSummaryBytesMax - kCountBytes;
  size_t shown = 0;
  for (const std::string& line : lines) {
    if (state.summary.size() + line.size() >= kBytesMax) break;
    if (shown++ > 0) state.summary += "\n";
    state.summary += line;
  }
  if (shown < lines.size()) {
    state.summary += fmt::format("\nand {} more", lines.size() - shown);
  }
  return state;
}

ConfigurationReader ConfigurationReader::Controller() {
  return {
      "controller", {{kComponentLabel, "controller"}}, "poolReconcilerValid"};
}

ConfigurationReader ConfigurationReader::Speaker(const std::string& node) {
  return {"speaker-" + node,
          {{kComponentLabel, "speaker"}, {kNodeNameLabel, node}},
          "configReconcilerValid"};
}

std::string_view ConditionStatusOf(Result result) {
  switch (result) {
    case Result::kValid:
      return "True";
    case Result::kInvalid:
      return "False";
    case Result::kUnknown:
      return "Unknown";
  }
  LB_UNREACHABLE();
}

std::string LostMembersText(const std::set<std::string, std::less<>>& lost) {
  std::string text;
  size_t count = 0;
  for (const std::string& name : lost) {
    if (++count > kLostMembersMax) break;
    text += text.empty() ? name : " " + name;
  }
  return text;
}

std::optional<SpeakerReport> ReadSpeakerReport(const YamlNode& object) {
  SpeakerReport report;
  report.node = LabelOf(object, kNodeNameLabel);
  const bool is_speaker = LabelOf(object, kComponentLabel) == "speaker";
  if (!is_speaker || report.node.empty()) return std::nullopt;
  const std::string lost = AnnotationOf(object, kLostMembers);
  for (const absl::string_view name :
       absl::StrSplit(lost, ' ', absl::SkipEmpty())) {
    if (report.lost.size() == kLostMembersMax) break;
    report.lost.emplace(name);
  }
  return report;
}

StatusObjects::Wish WishOf(const ConfigurationReader& reader,
                           const ConfigurationState& state,
                           const std::string& since, const std::string& lost) {
  return {reader.labels,
          JsonOf({.result = ToString(state.result),
                  .summary = state.summary,
                  .type = reader.condition,
                  .status = ConditionStatusOf(state.result),
                  .reason = ReasonOf(state.result),
                  .message = state.summary,
                  .since = since}),
          {{std::string(kLostMembers), lost}}};
}

StatusObjects::Object ReadConfigurationState(const ConfigurationReader& reader,
                                             const kubernetes::ObjectMeta& meta,
                                             const YamlNode& object) {
  StatusObjects::Object read = {.name = meta.key.name,
                                .key = meta.key.name,
                                .owner_uid = OwnerUidOf(object)};
  read.says.annotations[std::string(kLostMembers)] =
      AnnotationOf(object, kLostMembers);
  for (const auto& [label, value] : reader.labels) {
    const std::string there = LabelOf(object, label);
    if (!there.empty()) read.says.labels[label] = there;
  }
  const YamlNode* const status = kubernetes::NodeAt(object, "status");
  const YamlNode* const condition =
      status == nullptr ? nullptr : ConditionOf(*status);
  if (condition == nullptr) return read;
  read.says.status =
      JsonOf({.result = TextAt(object, "status.result"),
              .summary = TextAt(object, "status.errorSummary"),
              .type = TextAt(*condition, "type"),
              .status = TextAt(*condition, "status"),
              .reason = TextAt(*condition, "reason"),
              .message = TextAt(*condition, "message"),
              .since = TextAt(*condition, "lastTransitionTime")});
  return read;
}

ConditionTime ReadConditionTime(std::string_view status) {
  const auto tree = kubernetes::ReadJson(status);
  const YamlNode* const condition = tree.ok() ? ConditionOf(*tree) : nullptr;
  if (condition == nullptr) return {};
  ConditionTime read = {std::string(TextAt(*condition, "status")),
                        std::string(TextAt(*condition, "lastTransitionTime"))};
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_sec, read.since, &time, nullptr)) {
    read.since.clear();
  }
  return read;
}

kubernetes::ReflectorOptions ConfigurationStateOf(
    const ConfigurationReader& reader, const std::string& own_namespace) {
  return {.resource = ConfigurationStates(),
          .name_space = own_namespace,
          .selector = {"metadata.name", reader.object}};
}

}  // namespace lb
