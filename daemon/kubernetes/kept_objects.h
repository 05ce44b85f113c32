// KeptObjects: the objects of the API server that count, and the addresses of
// the speakers' pods, in a form that outlives the process.
//
// A speaker that starts while the server is away goes by them. They are in
// kKeptParts parts that have nothing to do with one another: one changed object
// changes one part. A header says since when all of it is known. Header and
// parts name their owner: the node, the server and the namespace. Those of
// another owner are refused.
//
//   header = JSON: {"owner", "asOf", "parts", "pods"}
//   part   = owner LF (object LF)*
//   object = JSON in one line: config::Object::text, as ReadChange() sets it
//
// Pure functions over values, any thread.
#ifndef LB_DAEMON_KUBERNETES_KEPT_OBJECTS_H_
#define LB_DAEMON_KUBERNETES_KEPT_OBJECTS_H_

#include <bitset>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/net/ip_address.h"

namespace lb {

inline constexpr size_t kKeptParts = 64;
// Objects that do not fit are left out and counted.
inline constexpr size_t kKeptPartBytesMax = 4 << 20;
inline constexpr size_t kKeptTextBytesMax = 256 << 10;
// More addresses of pods are left out.
inline constexpr size_t kKeptPodsMax = 10'000;

struct KeptHeader {
  std::string owner;
  // All objects are as they were at the server then, or later. In seconds.
  absl::Time as_of = absl::InfinitePast();
  std::bitset<kKeptParts> parts;  // That were written at least once.
  std::vector<net::IpAddress> pods;

  friend bool operator==(const KeptHeader&, const KeptHeader&) = default;
};

std::string SerializeKeptHeader(const KeptHeader& header);
// DataLoss: it is none, or one of another owner than `owner`.
absl::StatusOr<KeptHeader> ParseKeptHeader(std::string_view body,
                                           std::string_view owner);

// The object, if it counts: it is in force, or a Service that is announced by
// its status, though pools refuse it. Nullptr: it does not.
const config::Object* FindKept(const config::Desired& desired,
                               std::string_view name);

// The part of the object with this name.
size_t KeptPartOf(std::string_view object);

struct KeptPart {
  std::string body;
  size_t left_out = 0;  // Objects.
};

// `names` are the part's objects. One that does not count is not written.
KeptPart SerializeKeptPart(std::string_view owner,
                           const std::set<std::string>& names,
                           const config::Desired& desired);

// Adds the objects of one part. One that today's readers refuse, or that is not
// wanted with these options, is left out. DataLoss: the part is damaged, or of
// another owner than `owner`.
absl::Status ParseKeptPart(std::string_view body, std::string_view owner,
                           const config::ManifestOptions& options,
                           config::Objects* objects);

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_KEPT_OBJECTS_H_
