// WriteRequest, WriteReport: one change of one object, and what became of it.
//
// Values, any thread.
#ifndef LB_KUBERNETES_WRITE_REQUEST_H_
#define LB_KUBERNETES_WRITE_REQUEST_H_

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "lb/config/yaml_tree.h"
#include "lb/kubernetes/resource.h"

namespace lb::kubernetes {

// What a write changes. Two writes of one target are never under way together.
struct WriteTarget {
  Resource resource;
  ObjectKey key;
  std::string subresource;  // "status", or empty.

  // "services default/web status".
  std::string ToString() const;

  friend auto operator<=>(const WriteTarget&, const WriteTarget&) = default;
  friend bool operator==(const WriteTarget&, const WriteTarget&) = default;
};

enum class WriteVerb {
  kPatch,   // A merge patch (RFC 7386) of an object that exists.
  kCreate,  // The target's key must be the object's.
  kDelete,
};

enum class WritePriority {
  kNormal,
  kLow,  // Sent when nothing else waits, and dropped first: events.
};

enum class WriteVerdict {
  kDone,        // The server has it.
  kUnneeded,    // The object is as wanted already, said `rebase`.
  kSuperseded,  // A later write of the target took its place.
  kGone,        // 404 or 410: there is no such object.
  kExists,      // A create: there is an object of this name.
  kConflict,    // Another writer changed the object, and there is no `rebase`.
  kRefused,     // The server will not take it: 400, 422, or 403 many times.
  kOverflow,    // The queue is full.
};

// "Superseded".
std::string_view ToString(WriteVerdict verdict);

struct WriteReport {
  WriteTarget target;
  WriteVerdict verdict = WriteVerdict::kDone;
  std::string error;  // What the server said; empty unless it refused.
  // kDone and kUnneeded: the object as the server has it now, if it could be
  // read; of a kDelete nothing.
  config::YamlNode object;
};

struct WriteRequest {
  // Given the fresh object, returns the body that is still needed, with the
  // object's resourceVersion in it, or nullopt if nothing is. It must not call
  // the Writer.
  using Rebase = absl::AnyInvocable<std::optional<std::string>(
      const config::YamlNode& fresh)>;
  using OnReport = absl::AnyInvocable<void(const WriteReport& report)>;

  WriteVerb verb = WriteVerb::kPatch;
  WriteTarget target;
  // JSON: the patch, the object, or DeleteOptions (may be empty). A patch that
  // names metadata.resourceVersion is refused if the object is another by then;
  // without it the last writer wins.
  std::string body;
  WritePriority priority = WritePriority::kNormal;
  // Called after a conflict, and when an earlier write of this target was done
  // while this one waited. Null: the body is sent as it is, and a conflict ends
  // it.
  Rebase rebase;
  // Called once, on a later turn of the loop. May be null.
  OnReport on_report;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_WRITE_REQUEST_H_
