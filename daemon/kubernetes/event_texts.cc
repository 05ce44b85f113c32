#include "daemon/kubernetes/event_texts.h"

#include <utility>

#include "daemon/kubernetes/source_kinds.h"
#include "lb/config/object_change.h"

namespace lb {
namespace {

using ipam::EventReason;
using kubernetes::KubernetesEvent;
using kubernetes::KubernetesEventType;

KubernetesEventType TypeOf(EventReason reason) {
  switch (reason) {
    case EventReason::kIpAllocated:
    case EventReason::kClearAssignment:
    case EventReason::kAdditionalAssignFailed:
      return KubernetesEventType::kNormal;
    default:
      return KubernetesEventType::kWarning;
  }
}

const SourceKind* KindNamed(std::string_view name) {
  for (const SourceKind& kind : SourceKinds()) {
    if (kind.kind == name) return &kind;
  }
  return nullptr;
}

}  // namespace

KubernetesEvent EventOf(const kubernetes::ObjectMeta& service,
                        const ipam::ServiceEvent& event) {
  return {.type = TypeOf(event.reason),
          .reason = std::string(ToString(event.reason)),
          .action = "Assign",
          .note = event.message,
          .regarding = {"v1", "Service", service.key, service.uid}};
}

std::optional<KubernetesEvent> EventOf(const config::Problem& problem,
                                       std::string_view default_reason,
                                       const std::string& own_namespace,
                                       const std::string& uid) {
  const std::string_view kind_name = config::KindOf(problem.object);
  const SourceKind* const kind = KindNamed(kind_name);
  if (kind == nullptr || kind_name == problem.object) return std::nullopt;
  KubernetesEvent event;
  event.type = KubernetesEventType::kWarning;
  event.reason = problem.reason;
  if (event.reason.empty()) {
    event.reason = kind_name == "Service"
                       ? ToString(EventReason::kAllocationFailed)
                       : default_reason;
  }
  event.action = "Read";
  // The resourceVersion would make each repetition another event.
  event.note = problem.field.empty() ? problem.message
                                     : problem.field + ": " + problem.message;
  event.regarding = {kind->resource.ApiVersion(), std::string(kind_name),
                     KeyOf(config::NameWithoutKind(problem.object)), uid};
  if (kind->is_own) event.regarding.key.name_space = own_namespace;
  return event;
}

}  // namespace lb
