// Bytes of a history: segments, each a value in the state folder.
//
// A segment is a state value (lb/base/state_value.h) "LBHS" with the body
//
// body    = number:u64 written:i64 entry*
// entry   = kind:u8 from:i64 to:i64 family:u8 address:4|16
//           size:u16 service size:u16 node
//
// Numbers are big-endian, times are civil in microseconds. `kind` is a
// HistoryEnd; with kNone, `to` is 0. The highest bit of `kind` is set if the
// entry began while another node announced the address too, which does not
// happen on layer 2.
#ifndef LB_HISTORY_HISTORY_CODEC_H_
#define LB_HISTORY_HISTORY_CODEC_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lb/net/ip_address.h"

namespace lb::history {

// Why an announcement ended.
enum class HistoryEnd : uint8_t {
  kNone = 0,      // It lasts.
  kMoved = 1,     // Another node announces, this one is up.
  kLost = 2,      // The node failed, or left the cluster.
  kReleased = 3,  // The service no longer has the address.
  kNobody = 4,    // No node may announce it.
  // The writing node's own announcements:
  kSilent = 5,   // It fell silent: was not run, or was cut off.
  kStopped = 6,  // It was stopped in order.
  kCrashed = 7,  // It ended unexpectedly, at `to` or up to a minute later.
  // The node was not running when another node's announcement ended, before
  // `to`.
  kUnseen = 8,
};

struct HistoryEntry {
  std::string service;  // "namespace/name"
  net::IpAddress address;
  std::string node;
  absl::Time from;                         // Civil time, as is `to`.
  absl::Time to = absl::InfiniteFuture();  // InfiniteFuture() exactly if kNone.
  HistoryEnd end = HistoryEnd::kNone;
  // It began while another node announced the address, too.
  bool beside_others = false;

  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

struct HistorySegment {
  uint64_t number = 0;  // 1, 2, ...
  absl::Time written_at;
  std::vector<HistoryEntry> entries;  // In the order in which they came.
};

// Returns the bytes of one entry. Times are cut to whole microseconds.
std::string SerializeEntry(const HistoryEntry& entry);

// `entries` is the results of SerializeEntry(), one after the other.
std::string SerializeSegment(uint64_t number, absl::Time written_at,
                             std::string_view entries);

// DataLoss: what is wrong with the bytes.
absl::StatusOr<HistorySegment> ParseSegment(std::string_view bytes);

}  // namespace lb::history

#endif  // LB_HISTORY_HISTORY_CODEC_H_
